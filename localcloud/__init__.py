"""A small AWS on loopback: moto's server, a private MariaDB, and what moto lacks.

It is for trying and testing the product without an AWS account. The product never imports it.
"""

import os

from localcloud.client_environment import isolate

# Before moto is imported: it makes boto3 sessions then, and each looks up the profile that AWS_PROFILE names.
isolate(os.environ)
