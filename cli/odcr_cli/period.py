"""A span of time that a person names: the last days, or since a moment."""

from datetime import UTC, datetime, timedelta

from odcr_cli.trouble import Trouble


def start_of(since: str, days: float | None, now: datetime, default_days: float) -> datetime:
    """The first moment of a span that ends now.

    Args:
        since: a day or a moment, as people write it, in UTC unless it says otherwise; empty: `days` counts.
        days: so many days back; None: `default_days`.
        now: the end.
        default_days: what is meant if nothing is said.

    Raises:
        Trouble: if the text is no moment, or one that is to come, or both are given.
    """
    if not since:
        return now - timedelta(days=default_days if days is None else days)
    if days is not None:
        raise Trouble("Give either --since or --days.")
    try:
        moment = datetime.fromisoformat(since.strip())
    except ValueError:
        raise Trouble(f"--since {since!r} is no time. Write it as 2026-11-10 or '2026-11-10 18:00', in UTC.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now:
        raise Trouble(f"--since {since!r} is still to come. It is now {now:%Y-%m-%d %H:%M} UTC.")
    return moment
