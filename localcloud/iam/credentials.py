"""Temporary credentials from moto's STS, for a function's environment."""

from dataclasses import dataclass

from moto.sts.models import AssumedRole, sts_backends
from moto.sts.utils import DEFAULT_STS_SESSION_DURATION
from moto.utilities.utils import get_partition


@dataclass(frozen=True)
class Credentials:
    """Temporary credentials, which do not expire here."""

    access_key_id: str
    secret_access_key: str
    session_token: str

    def variables(self) -> dict[str, str]:
        """The environment variables by which SDKs find them."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
        }


def of_role(role_arn: str, session_name: str, account_id: str, region: str) -> Credentials:
    """New credentials of a role, which need not exist. Refusals show the session's name."""
    assumed: AssumedRole = sts_backends[account_id][get_partition(region)].assume_role(
        region_name=region,
        role_session_name=session_name,
        role_arn=role_arn,
        policy="",
        duration=DEFAULT_STS_SESSION_DURATION,
        external_id="",
    )
    return Credentials(assumed.access_key_id, assumed.secret_access_key, assumed.session_token)
