"""FindShortfalls: compares the targets with what EC2 holds."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from odcr.domain.comparison import bounded, compare
from odcr.domain.event import optional, required
from odcr.domain.outcome import Outcome
from odcr.domain.refusal import Refusal
from odcr.domain.reservation import Reservation
from odcr.domain.status import Status
from odcr.domain.target import Target
from odcr.domain.zone import region_of
from odcr.gateways.ec2 import Ec2Gateway
from odcr.observability import logger
from odcr.settings import ReleaseSettings, StackSettings


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """One invocation.

    Args:
        event: `{"Targets": [...], "Rejected": [...], "Complete": bool}` as LoadTargets returns them.
        context: Lambda's.

    Returns:
        `{"Shortfalls": [...], "Observed": [...], "Rejected": [...]}`.

    Raises:
        InvalidSettings, InvalidEvent: see there.
    """
    targets = [Target.from_event(target) for target in required(event, "Targets", list)]
    rejected = [Outcome.from_event(outcome) for outcome in optional(event, "Rejected", list, [])]
    settings = StackSettings.load()
    ec2 = Ec2Gateway(settings.owner, settings.account)

    reservations: list[Reservation] = []
    unreachable: dict[str, Refusal] = {}
    keys = [*(target.key for target in targets), *(outcome.key for outcome in rejected)]
    regions = {region for key in keys if (region := region_of(key.availability_zone.strip()))}
    # The stack's own is always looked at: a reservation there is found even if no row is left of it.
    for region in sorted({*regions, settings.region}):
        try:
            reservations += ec2.find_in_region(region)
        except Refusal as refusal:
            # One Region that does not exist, or is not answering, must not harm the others' targets.
            logger.warning("Region cannot be compared", region=region, error=str(refusal))
            unreachable[region] = refusal

    comparable = [target for target in targets if target.key.region not in unreachable]
    # What is held for these is not known now, so their record stays as it is.
    rejected = [outcome for outcome in rejected if region_of(outcome.key.availability_zone) not in unreachable]
    is_complete = optional(event, "Complete", bool, True)
    releases = ReleaseSettings.load().is_on
    found = compare(comparable, rejected, reservations, is_complete=is_complete, releases=releases)
    blind = [_blind(target, unreachable[target.key.region]) for target in targets if target.key.region in unreachable]
    found.observed.extend(blind)
    passed = bounded(found)
    logger.info(
        "Targets compared",
        targets=len(targets),
        short=len(found.shortfalls),
        unreachable=len(blind),
        worked_on=len(passed.shortfalls),
    )
    return {
        "Shortfalls": [shortfall.to_event() for shortfall in passed.shortfalls],
        "Observed": [outcome.to_event() for outcome in passed.observed],
        "Rejected": [outcome.to_event() for outcome in passed.rejected],
    }


def _blind(target: Target, refusal: Refusal) -> Outcome:
    reason = (
        f"Region {target.key.region} cannot be asked what is held; nothing is reserved blindly. "
        f"Check the zone's name, and that the Region is enabled. ({refusal})"
    )
    return Outcome(target.key, Status.FAILED, target.capacity, target.last_reserved, target.last_ids, reason=reason)
