"""The secret that the functions read, as a person may have written it."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.integration.bad_input.product import DATABASE, PASSWORD, USERNAME

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class SecretStore:
    """Secrets Manager over HTTP.

    Args:
        client: of the local cloud.
        name: the secret's, as in DATABASE_SECRET_ARN.
        host: the database's.
        port: the database's.
    """

    def __init__(self, client: "SecretsManagerClient", name: str, host: str, port: int) -> None:
        self._client = client
        self._name = name
        self._login = {"username": USERNAME, "password": PASSWORD, "host": host, "port": port, "dbname": DATABASE}

    def login(self, **changes: object) -> str:
        """The right login with these changes, as JSON; a field that becomes Ellipsis is left out."""
        fields: Mapping[str, object] = self._login | changes
        return json.dumps({name: value for name, value in fields.items() if value is not ...})

    def put(self, value: str | bytes) -> None:
        """Stores text, or bytes, as a script may but the console never does."""
        self.delete()
        if isinstance(value, bytes):
            self._client.create_secret(Name=self._name, SecretBinary=value)
        else:
            self._client.create_secret(Name=self._name, SecretString=value)

    def create(self) -> None:
        """Stores the right login under a name that has no secret yet."""
        self._client.create_secret(Name=self._name, SecretString=self.login())

    def correct(self) -> None:
        """Stores the right login."""
        self.put(self.login())

    def mark_for_deletion(self) -> None:
        """Deletes the secret as the console does, with days to change one's mind."""
        self._client.delete_secret(SecretId=self._name, RecoveryWindowInDays=7)

    def delete(self) -> None:
        """Deletes the secret at once, if there is one."""
        self._client.delete_secret(SecretId=self._name, ForceDeleteWithoutRecovery=True)
