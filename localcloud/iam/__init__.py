"""What moto's IAM lacks: resources and conditions of policies, checked at each call.

A caller with a role's credentials (a deployed function, or a state machine that puts events) needs the role's
permission for the actions in `accesses.ACTIONS`. Other actions and other callers are not checked.
"""

from localcloud.iam.moto_hooks import install

__all__ = ["install"]
