"""Why a policy cannot be held against a request."""


class UnsupportedPolicyError(Exception):
    """The policy has something, named by `what`, by which the local cloud cannot judge an action that it checks."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The local cloud cannot judge a policy with {what}. Say it otherwise, or teach it to localcloud/iam"
        )
