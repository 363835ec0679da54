"""What Secrets Manager's requests need a right to.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
"""

from typing import Any

from localcloud.iam.access import Access

_OF_A_SECRET = frozenset({"DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"})


def needed(response: Any, action: str) -> list[Access]:
    """Every access that the request needs; none if the action is not checked.

    Args:
        response: moto's SecretsManagerResponse with the request.
        action: such as `GetSecretValue`.
    """
    context = {"aws:requestedregion": (str(response.region),)}
    if action == "GetRandomPassword":
        return [Access(f"secretsmanager:{action}", context=context)]
    if action not in _OF_A_SECRET:
        return []
    given = str(response._get_param("SecretId"))
    secret: Any = response.backend.secrets.get(given)
    if secret is None:
        return [Access(f"secretsmanager:{action}", _arn(response, given), context)]
    for tag in secret.tags or []:
        key = str(tag["Key"]).lower()
        context[f"aws:resourcetag/{key}"] = context[f"secretsmanager:resourcetag/{key}"] = (str(tag["Value"]),)
    if secret.rotation_lambda_arn:
        context["secretsmanager:resource/allowrotationlambdaarn"] = (str(secret.rotation_lambda_arn),)
    return [Access(f"secretsmanager:{action}", str(secret.arn), context)]


def _arn(response: Any, given: str) -> str:
    if given.startswith("arn:"):
        return given
    return f"arn:{response.partition}:secretsmanager:{response.region}:{response.current_account}:secret:{given}"
