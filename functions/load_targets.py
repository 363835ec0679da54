"""LoadTargets: takes the run lease, and reads and validates the rows."""

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
    """One invocation. A repetition takes the same lease again.

    Args:
        event: `{"Execution": str, "LeaseSeconds": int}`.
        context: Lambda's.

    Returns:
        `{"Lease": "HELD" | "BUSY", "Targets": [...], "Rejected": [...], "Prices": [...], "Complete": bool,
        "InstancesDue": bool}`. Without the lease the lists are empty. Complete is false if there are more targets than
        fit; other runs take the rest. Prices are given only if there is a cap. InstancesDue is true once an hour: then
        the run looks at the account's instances.

    Raises:
        TablesOutdated, TablesTooNew, DatabaseUnavailable, InvalidSecret, InvalidSettings, InvalidEvent: see there.
    """
    execution = required(event, "Execution", str)
    if not execution:
        raise InvalidEvent("'Execution' must not be empty: a lease without a holder is free. Fix the event.")
    lease_seconds = required(event, "LeaseSeconds", int)
    with transaction(DatabaseSettings.load().secret_arn) as cursor:
        if not take_lease(cursor, execution, lease_seconds):
            logger.info("Another run holds the lease", execution=execution, holder=holder_of_lease(cursor))
            return {"Lease": "BUSY", **RunShare([], [], is_complete=True, prices=[]).to_event(), "InstancesDue": False}
        loaded = load(cursor, has_cap=SpendSettings.load().cap is not None, taker=execution)
    share = loaded.share(seed=execution)
    logger.info(
        "Targets loaded",
        execution=execution,
        targets=len(loaded.targets),
        rejected=len(loaded.rejected),
        passed_on=len(share.targets) + len(share.rejected),
    )
    return {"Lease": "HELD", **share.to_event(), "InstancesDue": loaded.is_look_due}
