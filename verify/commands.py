"""`python -m verify`: deploys a throwaway stack, asks every belief, deletes everything, writes the table."""

import re
import secrets
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from odcr_cli.account import Place
from odcr_cli.checks.line import NotAsked
from odcr_cli.confirmation import is_confirmed
from odcr_cli.trouble import Trouble, aws_errors_as_trouble
from verify import deployment, probe
from verify.belief import Belief, Seen, Verdict
from verify.beliefs.all_beliefs import BELIEFS, ask_belief
from verify.cleanup import clean_up
from verify.guard import TooExpensive
from verify.progress import Progress, terminated_as_interrupted
from verify.report import markdown
from verify.subject import TYPE, NotInTime, Subject

_PREFIX = "odcr-verify-"
_NAME = re.compile(rf"{_PREFIX}[0-9a-f]{{6}}")
_EXAMPLE = f"such as {_PREFIX}0a1b2c"
_FAILED = 2
_INTERRUPTED = 130
_STORY = f"""\
It deploys a throwaway stack (some fifteen minutes), asks it and EC2 some two dozen things with single {TYPE},
and deletes everything again (some fifteen minutes, at most an hour). It costs about a dollar.
No request is sent that would cost over a cent a minute if it were granted."""


@click.command(help=__doc__)
@click.option("--profile", help="The profile with the credentials; else as the AWS CLI finds it.")
@click.option("--region", envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="The Region; else as the AWS CLI finds it.")
@click.option("--endpoint-url", envvar="AWS_ENDPOINT_URL", help="The endpoint to use instead of AWS: a local cloud's.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file for the table.")
@click.option("--clean-up", "old", metavar="NAME", help="Only delete what an earlier verification left.")
@click.option("--built", type=click.Path(file_okay=False, path_type=Path), help="The output of an earlier `sam build`.")
@click.option("--s3-bucket", default="", help="The bucket for artifacts; by default the SAM CLI's own.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def main(
    profile: str | None,
    region: str | None,
    endpoint_url: str | None,
    output: Path | None,
    old: str | None,
    built: Path | None,
    s3_bucket: str,
    yes: bool,
) -> None:
    """Shows account and Region, asks, and starts."""
    progress = Progress()
    try:
        if old and not _NAME.fullmatch(old):
            raise Trouble(f"{old} is not a verification's stack, so it was left alone. Give a name {_EXAMPLE}.")
        place = Place(old or f"{_PREFIX}{secrets.token_hex(3)}", region, profile, endpoint_url)
        subject = Subject(place)
        confirm(subject, old, is_sure=yes)
        if old:
            sys.exit(_say_left(progress, clean_up(subject.account, progress.line)))
        file = output or Path(f"{place.stack}.md")
        sys.exit(verify(subject, progress, file, built, s3_bucket))
    except Trouble as trouble:
        click.echo(f"verify: {trouble}", err=True)
        sys.exit(_FAILED)


def confirm(subject: Subject, old: str | None, *, is_sure: bool) -> None:
    """Shows the account, the caller and the Region, and asks.

    Raises:
        Trouble: if the answer is no, or nobody can be asked.
    """
    with aws_errors_as_trouble():
        caller = subject.client("sts").get_caller_identity()
    for title, text in (
        ("Account", caller["Account"]),
        ("Caller", caller["Arn"]),
        ("Region", subject.region),
        ("Asked", subject.place.endpoint_url or "AWS"),
        ("Stack", subject.name),
    ):
        click.echo(f"{title:8} {text}", err=True)
    if not old:
        click.echo(_STORY, err=True)
    if not is_confirmed("Delete what is left of it?" if old else "Do it there?", yes=is_sure):
        raise Trouble("Nothing was done.")


def verify(subject: Subject, progress: Progress, file: Path, built: Path | None, bucket: str) -> int:
    """Deploys, asks every belief, and cleans up whatever happens.

    Returns:
        The exit code: 0 if nothing differs and nothing is left, 1 if something does or is, 2 if asking failed.
    """
    answers: list[tuple[Belief, Seen]] = []
    began, code, had_sam_stack = datetime.now(UTC), 0, True
    progress.line(f"If this machine dies, delete what is left: make verify-on-aws ARGS='--clean-up {subject.name}'")
    with terminated_as_interrupted():
        try:
            had_sam_stack = bool(bucket) or deployment.has_sam_stack(subject.account)
            _prepare(subject, progress, built, bucket)
            for belief in BELIEFS:
                progress.line(f"{belief.name} ...")
                answers.append((belief, ask_belief(belief, subject)))
                progress.answer(answers[-1][1])
        except KeyboardInterrupt:
            progress.line("Interrupted. Cleaning up; a second Ctrl-C leaves everything as it is.")
            code = _INTERRUPTED
        except (Trouble, NotAsked, TooExpensive, NotInTime, ClientError, BotoCoreError) as trouble:
            progress.line(str(trouble))
            code = _FAILED
        finally:
            left = _cleaned(subject, progress)
            stays = [] if had_sam_stack else _kept(subject)
            asked = {belief.name for belief, _ in answers}
            answers += [
                (belief, Seen(Verdict.NOT_ASKED, "it did not come to that"))
                for belief in BELIEFS
                if belief.name not in asked
            ]
            _write(file, markdown(answers, _facts(subject, began), left, stays), progress)
            _say_left(progress, left, stays)
    differing = any(seen.verdict is Verdict.DIFFERS for _, seen in answers)
    return code or int(differing or bool(left))


def _prepare(subject: Subject, progress: Progress, built: Path | None, bucket: str) -> None:
    # Before anything costs money, check that the type's price is known and that a zone offers it.
    subject.guard.must_be_cheap(TYPE, 2)
    progress.line(f"Asking for single {TYPE} in {subject.zone}.")
    progress.line("Deploying the probe ...")
    probe.deploy(subject)
    progress.line("Building and deploying the stack ...")
    with tempfile.TemporaryDirectory(prefix="odcr-verify-") as scratch:
        deployment.deploy(
            subject.place,
            subject.region,
            Path(scratch),
            lambda line: progress.line(f"  {line}"),
            built=built,
            bucket=bucket,
        )


def _cleaned(subject: Subject, progress: Progress) -> list[str]:
    try:
        return clean_up(subject.account, progress.line)
    except KeyboardInterrupt:
        return [f"all of {subject.name}: make verify-on-aws ARGS='--clean-up {subject.name}'"]


def _kept(subject: Subject) -> list[str]:
    """The SAM CLI's own stack, if this verification created it."""
    try:
        is_there = deployment.has_sam_stack(subject.account)
    except (ClientError, BotoCoreError, Trouble):
        is_there = True
    return [f"stack {deployment.SAM_STACK} with its bucket"] if is_there else []


def _facts(subject: Subject, began: datetime) -> dict[str, str]:
    asked = {"Asked": "a local cloud"} if subject.place.is_local else {}
    return {"Begun": f"{began:%Y-%m-%d %H:%M} UTC", "Region": subject.region} | asked


def _write(file: Path, text: str, progress: Progress) -> None:
    try:
        file.write_text(text, encoding="utf-8")
        progress.line(f"The table is in {file}; paste it into an issue.")
    except OSError as error:
        progress.line(f"{file} cannot be written: {error.strerror}. Here is the table:")
        progress.show(Text(text))


def _say_left(progress: Progress, left: list[str], stays: Sequence[str] = ()) -> int:
    for name in stays:
        progress.line(f"Kept for other deployments: {name}")
    for name in left:
        progress.line(f"Left: {name}")
    nothing = "Nothing else is left." if stays else "Nothing is left."
    progress.line(nothing if not left else f"{len(left)} things are left.")
    return int(bool(left))
