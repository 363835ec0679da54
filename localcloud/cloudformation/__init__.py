"""AWS CloudFormation as `sam deploy` needs it, on top of moto's.

moto brings the API, and those of the services whose resources a stack has. Added here: the SAM transform, checks
before anything is created, more resource types, changes in the order of dependencies, and rollback with its reason.
"""

from moto.cloudformation import models
from moto.cloudformation import responses as moto_responses
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.responses import CloudFormationResponse

from localcloud.cloudformation import backend, responses
from localcloud.cloudformation.resources.rds import show_real_addresses
from localcloud.cloudformation.stack import Stack
from localcloud.cloudformation.template import from_s3_url
from localcloud.services import Services

_BACKEND_METHODS = ("create_change_set", "create_stack", "delete_stack", "describe_change_set", "execute_change_set")
_RESPONSE_METHODS = ("create_change_set", "create_stack", "execute_change_set", "update_stack")


def install(services: Services) -> None:
    """Extends moto's CloudFormation in this process; a second call changes the services that stacks get."""
    Stack.services = services
    for module, name, replacement in (
        (models, "Stack", Stack),
        (models, "get_stack_from_s3_url", from_s3_url),
        (moto_responses, "get_stack_from_s3_url", from_s3_url),
    ):
        setattr(module, name, replacement)
    for name in _BACKEND_METHODS:
        setattr(CloudFormationBackend, name, getattr(backend, name))
    for name in _RESPONSE_METHODS:
        setattr(CloudFormationResponse, name, getattr(responses, name))
    show_real_addresses(services)
