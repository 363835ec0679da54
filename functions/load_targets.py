"""LoadTargets: takes the run lease, reads and validates the rows."""

from dataclasses import replace
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.price_pools import pools_under_caps
from odcr.domain.run_share import RunShare, one_runs_share
from odcr.domain.wire import InvalidEvent, required
from odcr.gateways.database import transaction
from odcr.gateways.lease import holder_of_lease, lately, remember_taker, take_lease
from odcr.gateways.price_table import read_prices
from odcr.gateways.target_tables import read_targets
from odcr.observability import logger
from odcr.settings import DatabaseSettings, SpendSettings


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """One invocation.

    Args:
        event: `{"Execution": str, "LeaseSeconds": int}`.
        context: Lambda's.

    Returns:
        `{"Lease": "HELD" | "BUSY", "Targets": [...], "Rejected": [...], "Prices": [...], "Complete": bool,
        "InstancesDue": bool}`; without the lease the lists are empty. Complete is false if there are more targets than
        fit; the others' turn comes in other runs. Prices are there only if a cap is to be kept. InstancesDue is true
        once an hour: the account's instances are to be looked at.

    Raises:
        TablesOutdated, TablesTooNew, DatabaseUnavailable, InvalidSecret, InvalidSettings, InvalidEvent: see there.
    """
    execution = required(event, "Execution", str)
    if not execution:
        raise InvalidEvent(
            "'Execution' must not be empty, for nobody holds the lease that bears no name. Fix the event."
        )
    lease_seconds = required(event, "LeaseSeconds", int)
    with transaction(DatabaseSettings.load().secret_arn) as cursor:
        if not take_lease(cursor, execution, lease_seconds):
            logger.info("Another run holds the lease", execution=execution, holder=holder_of_lease(cursor))
            return {"Lease": "BUSY", **RunShare([], [], is_complete=True).to_event(), "InstancesDue": False}
        targets, rejected = read_targets(cursor)
        if any(target.members for target in targets):
            remember_taker(cursor, execution)
        capped = pools_under_caps(targets, has_cap=SpendSettings.load().cap is not None)
        prices = read_prices(cursor).known(capped) if capped else []
        known = lately(cursor)
    if known.may_have_rivals:
        targets = [replace(target, has_rivals=bool(target.members)) for target in targets]
    passed = one_runs_share(targets, rejected, turn=execution, prices=prices)
    logger.info(
        "Targets loaded",
        execution=execution,
        targets=len(targets),
        rejected=len(rejected),
        passed_on=len(passed.targets) + len(passed.rejected),
    )
    return {"Lease": "HELD", **passed.to_event(), "InstancesDue": known.is_look_due}
