"""No test sees the person's own AWS settings."""

import os

from localcloud.clients.environment import isolate

# Before moto is imported, which looks up AWS_PROFILE then.
isolate(os.environ)
