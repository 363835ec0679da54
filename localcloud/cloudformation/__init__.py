"""AWS CloudFormation as `sam deploy` needs it, on top of moto's.

moto brings the API, and those of the services whose resources a stack has. Added here: the SAM transform, checks
before anything is created, more resource types, changes in the order of dependencies, and rollback with its reason.
"""

from moto.cloudformation.responses import CloudFormationResponse

from localcloud.cloudformation import api
from localcloud.cloudformation.resources.rds import show_real_addresses
from localcloud.cloudformation.stack import Stack
from localcloud.services import Services

_CALLS = (
    *("create_stack", "update_stack", "delete_stack"),
    *("create_change_set", "describe_change_set", "execute_change_set"),
)


def install(services: Services) -> None:
    """Extends moto's CloudFormation in this process; a second call changes the services that stacks get."""
    Stack.services = services
    for name in _CALLS:
        setattr(CloudFormationResponse, name, getattr(api, name))
    show_real_addresses(services)
