"""A function's configuration, and the environment variables that follow from it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.clients.environment import only_way
from localcloud.iam.credentials import Credentials


@dataclass(frozen=True)
class FunctionConfig:
    """A function as it is deployed. An environment serves exactly one such value."""

    arn: str
    name: str
    version: str
    region: str
    role: str
    """The ARN of its role."""
    handler: str
    runtime: str
    memory_size: int
    """MiB; not enforced."""
    timeout: float
    """Seconds on the wall."""
    variables: tuple[tuple[str, str], ...]
    log_group: str
    code: bytes

    @classmethod
    def of(cls, function: Any) -> "FunctionConfig":
        """The configuration of moto's LambdaFunction as it is now."""
        is_qualified = function.function_arn.count(":") > 6
        return cls(
            arn=function.function_arn,
            name=function.function_name,
            version=str(function.version) if is_qualified else "$LATEST",
            region=function.region,
            role=str(function.role),
            handler=str(function.handler),
            runtime=str(function.run_time),
            memory_size=int(function.memory_size),
            timeout=float(function.timeout),
            variables=tuple(sorted((str(key), str(value)) for key, value in function.environment_vars.items())),
            log_group=function.logs_group_name,
            code=function.code_bytes,
        )


def environment_variables(
    config: FunctionConfig,
    credentials: Credentials,
    log_stream: str,
    task_root: Path,
    endpoint: str,
    certificates: Path,
) -> dict[str, str]:
    """The process's whole environment.

    It has what Lambda defines (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html), the function's
    own variables, SSL_CERT_FILE, and what leads clients to the endpoint and nowhere else: even without HOME they would
    find ~/.aws. The function's variables cannot replace its role's credentials, since AWS refuses those names.
    """
    return {
        "AWS_DEFAULT_REGION": config.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.memory_size),
        "AWS_LAMBDA_FUNCTION_NAME": config.name,
        "AWS_LAMBDA_FUNCTION_VERSION": config.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": config.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_REGION": config.region,
        "LAMBDA_TASK_ROOT": str(task_root),
        "LANG": "en_US.UTF-8",
        "PATH": os.defpath,
        "TZ": ":UTC",
        "_HANDLER": config.handler,
        **dict(config.variables),
        **only_way(endpoint),
        **credentials.variables(),
        "SSL_CERT_FILE": str(certificates),
    }
