"""Which resource types the local cloud can create."""

from localcloud.cloudformation.handler import Handler
from localcloud.cloudformation.resources import (
    cloudwatch,
    dynamodb,
    ec2,
    events,
    iam,
    lambda_,
    messaging,
    rds,
    rds_groups,
    s3,
    scheduler,
    secretsmanager,
    security_groups,
    stepfunctions,
)

_MODULES = (
    cloudwatch,
    dynamodb,
    ec2,
    events,
    iam,
    lambda_,
    messaging,
    rds,
    rds_groups,
    s3,
    scheduler,
    secretsmanager,
    security_groups,
    stepfunctions,
)

HANDLERS: dict[str, Handler] = {handler.type_name: handler for module in _MODULES for handler in module.HANDLERS}
"""Every known type by its name. A type that is not here fails the deployment."""
