"""What moto's IAM lacks: policies with resources and conditions, held against what functions ask for.

Who calls with the credentials of a role, as every deployed function does and a state machine that puts events, may do
of the actions in `enforced.ACTIONS` what the role's policies allow, and no more. Other actions, and calls with any
other credentials, are not checked.
"""


def install() -> None:
    """Puts the check in front of moto's services. The second call does nothing."""
    from localcloud.iam.moto_hooks import check_calls

    check_calls()
