"""The resource types that the local cloud can create, one module for what belongs together."""

from localcloud.cloudformation.resource_type import ResourceType
from localcloud.cloudformation.resources import (
    cloudwatch,
    ec2,
    iam,
    lambda_,
    messaging,
    rds,
    secretsmanager,
    stepfunctions,
    storage,
)

_MODULES = (cloudwatch, ec2, iam, lambda_, messaging, rds, secretsmanager, stepfunctions, storage)

RESOURCE_TYPES: dict[str, ResourceType] = {one.name: one for module in _MODULES for one in module.TYPES}
"""Every known type by its name. A type that is not here fails the deployment."""
