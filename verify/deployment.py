"""Builds and deploys the throwaway stack with the SAM CLI."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import ClientError

from odcr_cli.account import Account, Place
from odcr_cli.trouble import Trouble

ROOT = Path(__file__).parents[1]
_SAM = str(Path(sys.executable).with_name("sam"))
PARAMETERS = {
    "DatabaseDeletionProtection": "no",
    "DatabaseBackupDays": "1",
    "MaxDatabaseCapacity": "1",
    "SecretRotationDays": "30",
    "ReleaseOnLoweredTarget": "yes",
    "ShortageAlarmMinutes": "1",
    "NoRunAlarmMinutes": "0",
    "LogRetentionDays": "1",
    # A cent a minute, like the guard's limit.
    "MaxHourlySpend": "0.60",
}
"""The parameters in which the throwaway stack differs from the defaults."""
_CONFIG = "version = 0.1\n"
SAM_STACK = "aws-sam-cli-managed-default"
"""The stack that `--resolve-s3` creates once per account and Region, with the bucket for artifacts:
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-deploy.html"""


def has_sam_stack(account: Account) -> bool:
    """Whether the SAM CLI's own stack exists."""
    try:
        (stack,) = account.client("cloudformation").describe_stacks(StackName=SAM_STACK)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    return bool(stack["StackStatus"] != "DELETE_COMPLETE")


def deploy(
    place: Place,
    region: str,
    scratch: Path,
    show_line: Callable[[str], None],
    *,
    built: Path | None = None,
    bucket: str = "",
) -> None:
    """Builds and deploys the stack.

    Args:
        place: the stack's name and the profile.
        region: the Region.
        scratch: a folder for what the SAM CLI writes.
        show_line: shows each line that the SAM CLI prints.
        built: the output of an earlier `sam build`; None to build.
        bucket: the bucket for artifacts; empty for the SAM CLI's own.

    Raises:
        Trouble: if the SAM CLI fails.
    """
    if built is None:
        built = scratch / "built"
        _run(["build", "--build-dir", str(built)], show_line)
    # Ignore what `sam deploy --guided` saved for another stack.
    config = scratch / "samconfig.toml"
    config.write_text(_CONFIG, encoding="utf-8")
    database = place.stack.replace("-", "_")
    parameters = PARAMETERS | {"DatabaseName": database}
    where = ["--s3-bucket", bucket] if bucket else ["--resolve-s3"]
    who = ["--profile", place.profile] if place.profile else []
    _run(
        [
            "deploy",
            *("--stack-name", place.stack, "--region", region, *who),
            *("--config-file", str(config), "--template-file", str(built / "template.yaml")),
            *(*where, "--s3-prefix", place.stack),
            *("--capabilities", "CAPABILITY_IAM", "--tags", "Project=ODCR", "--no-confirm-changeset"),
            *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())),
        ],
        show_line,
    )


def _run(arguments: list[str], show_line: Callable[[str], None]) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "SAM_CLI_TELEMETRY": "0"}
    lines: list[str] = []
    with subprocess.Popen(  # noqa: S603 - the SAM CLI beside this Python, with our own arguments
        [_SAM, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in process.stdout:
            if line.strip():
                lines.append(line.rstrip())
                show_line(line.strip())
    if process.returncode:
        raise Trouble(f"sam {arguments[0]} ended with {process.returncode}: " + " ".join(lines[-5:]))
