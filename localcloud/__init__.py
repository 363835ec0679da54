"""A small AWS on loopback: moto's server, a private MariaDB, and what moto lacks.

It is for trying and testing the product without an AWS account. The product never imports it.
"""

import os

from localcloud.client_environment import MISLEADING

# moto makes boto3 sessions while it is imported, and each looks up the profile that AWS_PROFILE names.
for _name in MISLEADING:
    os.environ.pop(_name, None)
