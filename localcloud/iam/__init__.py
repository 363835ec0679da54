"""What moto's IAM lacks: policies with resources and conditions, held against what functions ask for.

Who calls with the credentials of a role, as every deployed function does and a state machine that puts events, may do
of the actions in `accesses.ACTIONS` what the role's policies allow, and no more. Other actions, and calls with any
other credentials, are not checked.
"""

from localcloud.iam.moto_hooks import install

__all__ = ["install"]
