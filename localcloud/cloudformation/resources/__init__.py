"""The resource types that the local cloud can create, one module per service."""

from localcloud.cloudformation.resource_type import ResourceType
from localcloud.cloudformation.resources import (
    cloudwatch,
    dynamodb,
    ec2,
    events,
    iam,
    lambda_,
    messaging,
    rds,
    s3,
    scheduler,
    secretsmanager,
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
    s3,
    scheduler,
    secretsmanager,
    stepfunctions,
)

RESOURCE_TYPES: dict[str, ResourceType] = {one.name: one for module in _MODULES for one in module.TYPES}
"""Every known type by its name. A type that is not here fails the deployment."""
