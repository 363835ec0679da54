"""All checks, in the order in which a person would make them."""

from collections.abc import Callable, Iterator

from odcr_cli.checks import concurrency, offers, quotas, rights, spending, supportability
from odcr_cli.checks.inputs import CheckInputs
from odcr_cli.checks.line import Level, Line, NotAsked
from odcr_cli.checks.runs import check_alarms, check_last_run, check_lease, check_schedule, check_subscription
from odcr_cli.checks.tables import check_dates, check_rows, check_version
from odcr_cli.formatting import printable
from odcr_cli.trouble import Trouble

Check = Callable[[CheckInputs], Iterator[Line]]

CHECKS: dict[str, Check] = {
    "version": check_version,
    "rows": check_rows,
    "dates": check_dates,
    "offers": offers.check,
    "quotas": quotas.check,
    "rights": rights.check,
    "concurrency": concurrency.check,
    "spending": spending.check,
    "schedule": check_schedule,
    "last run": check_last_run,
    "lease": check_lease,
    "mail": check_subscription,
    "alarms": check_alarms,
    "supportability": supportability.check,
}


def run(inputs: CheckInputs, show_step: Callable[[str], None] = lambda name: None) -> Iterator[Line]:  # noqa: ARG005
    """Runs all checks. If AWS does not answer one, that is a warning, and the others go on.

    Args:
        inputs: what to check.
        show_step: called with the name of each check before it runs.
    """
    for name, check in CHECKS.items():
        show_step(name)
        try:
            yield from check(inputs)
        except NotAsked as error:
            yield Line(name, Level.WARNING, f"Not checked: {printable(str(error))}.", error.advice)
        except Trouble as trouble:
            yield Line(name, Level.WARNING, f"Not checked: {printable(str(trouble))}", "Correct that, and check again.")
