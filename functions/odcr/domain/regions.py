"""What is said of targets of which nobody knows what EC2 holds. Nothing is bought for them, and nothing forgotten."""

from collections.abc import Collection, Mapping

from odcr.domain.outcome import Outcome, Status, with_record_kept
from odcr.domain.refusal import NotOffered, Refusal, Throttled, Unanswered
from odcr.domain.target import Target
from odcr.domain.wording import brief, listed, quoted, with_detail
from odcr.domain.zone import is_zone_id, nearest


def in_silent_region(target: Target, region: str, refusal: Refusal) -> Outcome:
    """A Region that did not say what is held there."""
    place = brief(region)
    # The advice stands outside the detail, which may be cut.
    detail = refusal.text.removeprefix(refusal.advice).strip()
    if isinstance(refusal, Throttled):
        what_to_do = f"EC2 takes no more questions in {place} for now; the next run asks again."
        return with_record_kept(target, Status.THROTTLED, with_detail(what_to_do, detail))
    what_to_do = f"{place} cannot be asked what is held; nothing is reserved blindly."
    if isinstance(refusal, Unanswered):
        what_to_do = f"{what_to_do} If it lasts: is the zone's name right, and the Region enabled?"
    elif refusal.advice and not isinstance(refusal, NotOffered):
        what_to_do = f"{what_to_do} {refusal.advice}"
    return with_record_kept(target, Status.FAILED, with_detail(what_to_do, detail))


def in_other_partition(target: Target, region: str, partition: str, own: str) -> Outcome:
    """A Region that cannot be asked, of a partition that has accounts of its own."""
    reason = (
        f"Give {brief(region)} a stack in an account of its own partition, {partition}, and delete the row here: this "
        f"stack is in {own}."
    )
    return with_record_kept(target, Status.INVALID, reason)


def in_no_region(target: Target, region: str, known: Collection[str]) -> Outcome:
    """A Region that neither botocore nor the DNS knows."""
    reason = f"Correct the zone: there is no Region {quoted(region)}.{nearest(region, known)}"
    return with_record_kept(target, Status.INVALID, reason)


def waiting_for_its_turn(target: Target, region: str) -> Outcome:
    """A Region that may exist, and that has not been asked yet, for too many others may exist as well."""
    reason = f"Check the zone's name: the Region {quoted(region)} is not known here. One of the next runs asks for it."
    return with_record_kept(target, Status.FAILED, reason)


def with_unread_zones(target: Target, region: str, refusal: Refusal) -> Outcome:
    """A row by a zone's id, or one of odcr_option for it, in a Region that did not say which zone that is."""
    zones = (target.key.zone, *(row.zone for row in target.elsewhere))
    id_ = brief(next((zone for zone in zones if is_zone_id(zone)), target.key.zone))
    status = Status.THROTTLED if isinstance(refusal, Throttled) else Status.FAILED
    what_to_do = f"Write the zone's name if this lasts: {brief(region)} does not say which zone {id_} is."
    return with_record_kept(target, status, with_detail(what_to_do, str(refusal)))


def with_unknown_zone(target: Target, region: str, zones: Mapping[str, str]) -> Outcome:
    """A row by a zone's id that its Region does not have."""
    id_ = target.key.availability_zone
    guess = nearest(id_, zones) or (f" It has {listed(sorted(zones), 50)}." if zones else "")
    return with_record_kept(
        target, Status.INVALID, f"Correct the zone: {brief(region)} has no zone with the id {quoted(id_)}.{guess}"
    )
