"""LoadTargets: takes the run lease, reads and validates the rows."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.run_share import RunShare
from odcr.domain.wire import InvalidEvent, required
from odcr.gateways.database import transaction
from odcr.gateways.lease import holder_of_lease, take_lease
from odcr.gateways.next_share import load
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
        loaded = load(cursor, has_cap=SpendSettings.load().cap is not None, taker=execution)
    passed = loaded.share(turn=execution)
    logger.info(
        "Targets loaded",
        execution=execution,
        targets=len(loaded.targets),
        rejected=len(loaded.rejected),
        passed_on=len(passed.targets) + len(passed.rejected),
    )
    return {"Lease": "HELD", **passed.to_event(), "InstancesDue": loaded.is_look_due}
