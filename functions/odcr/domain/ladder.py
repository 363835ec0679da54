"""How many instances to ask for next."""

from collections.abc import Generator

MAX_STEP = 1000
"""Instances that one request can add.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html
"""


def ask_ladder(gap: int, *, from_one: bool) -> Generator[int, bool, None]:
    """Finds out how much of a gap is to be had, in few requests that are each met whole or refused.

    For a pool of f free instances that nobody else uses it acquires exactly min(gap, f). It takes one request if all
    of the gap is there; from one, a single request if nothing is; else at most 2 + ceil(log2(gap + 1)), and from one
    2 * ceil(log2(gap + 1)) + 1.

    Args:
        gap: instances that are missing, 0 or more.
        from_one: begin with one instance and double, as for a pool that is known to be dry; otherwise begin with the
            whole gap.

    Yields:
        How many more instances to ask for. Send whether they were granted.

    Example:
        >>> ladder = ask_ladder(15, from_one=False)
        >>> next(ladder)
        15
        >>> ladder.send(False)
        7
    """
    got = 0
    reachable = gap
    step = 1 if from_one else MAX_STEP
    while got < gap:
        ask = min(step, gap - got, MAX_STEP)
        if not (yield ask):
            reachable = got + ask - 1
            break
        got += ask
        step *= 2
    while got < reachable:
        ask = -(-(reachable - got) // 2)
        if (yield ask):
            got += ask
        else:
            reachable = got + ask - 1
