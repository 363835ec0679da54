"""A time span that a person names: the last days, or since a moment; the last day if they name none."""

from datetime import UTC, datetime, timedelta

from odcr_cli.trouble import Trouble


def start_of(since: str, days: float | None, now: datetime) -> datetime:
    """The first moment of a span that ends now.

    Args:
        since: a day or a moment in ISO format, in UTC unless it says otherwise; empty to use `days`.
        days: how many days back; None for one.
        now: the end.

    Raises:
        Trouble: if `since` is invalid or in the future, or if both are given.
    """
    if not since:
        return now - timedelta(days=1 if days is None else days)
    if days is not None:
        raise Trouble("Give either --since or --days.")
    try:
        moment = datetime.fromisoformat(since.strip())
    except ValueError:
        raise Trouble(
            f"--since {since!r} is not a time. Write it as 2026-11-10 or '2026-11-10 18:00', in UTC."
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now:
        raise Trouble(f"--since {since!r} is in the future. It is now {now:%Y-%m-%d %H:%M} UTC.")
    return moment
