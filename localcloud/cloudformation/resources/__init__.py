"""The resource types that the local cloud can create, one module for what belongs together."""

from localcloud.cloudformation.resource_type import ResourceType
from localcloud.cloudformation.resources import ec2, iam, lambda_, rds, secretsmanager, simple, stepfunctions

_MODULES = (ec2, iam, lambda_, rds, secretsmanager, simple, stepfunctions)

RESOURCE_TYPES: dict[str, ResourceType] = {one.name: one for module in _MODULES for one in module.TYPES}
"""Every known type by its name. A type that is not here fails the deployment."""
