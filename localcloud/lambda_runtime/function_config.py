"""A function's configuration."""

import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FunctionConfig:
    """A function as it is deployed. An environment serves exactly one such value."""

    account_id: str
    region: str
    arn: str
    name: str
    version: str
    role: str
    """The ARN of its role."""
    memory_size: int
    """MiB; not enforced."""
    timeout: float
    """Seconds on the wall."""
    log_group: str
    code: bytes
    variables: dict[str, str]
    """Its own, and those that Lambda defines and that are the same in each of its environments.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """

    @classmethod
    def of(cls, function: Any) -> "FunctionConfig":
        """The configuration of moto's LambdaFunction as it is now."""
        version = str(function.version) if function.function_arn.count(":") > 6 else "$LATEST"
        defined = {
            "AWS_DEFAULT_REGION": function.region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
            "AWS_REGION": function.region,
            "LANG": "en_US.UTF-8",
            "PATH": os.defpath,
            "TZ": ":UTC",
            "_HANDLER": str(function.handler),
        }
        return cls(
            account_id=function.account_id,
            region=function.region,
            arn=function.function_arn,
            name=function.function_name,
            version=version,
            role=str(function.role),
            memory_size=int(function.memory_size),
            timeout=float(function.timeout),
            log_group=function.logs_group_name,
            code=function.code_bytes,
            variables=defined | {str(key): str(value) for key, value in function.environment_vars.items()},
        )
