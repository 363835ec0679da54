"""How many instances to ask for next."""

from collections.abc import Generator

MAX_STEP = 1000
"""Instances that one request can add.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateCapacityReservation.html
"""


def ask_ladder(gap: int, *, from_one: bool) -> Generator[int, bool, None]:
    """Gets as much of a gap as a pool has, in few requests, each of which is granted in full or refused.

    From a pool with f free instances that nobody else takes, it gets exactly min(gap, f). Starting with the whole gap,
    that takes one request if everything is there, and otherwise at most 2 + ceil(log2(gap + 1)). Starting with one
    instance, it takes one request if nothing is there, and otherwise at most 2 * ceil(log2(gap + 1)) + 1.

    Args:
        gap: instances missing, 0 or more.
        from_one: start with one instance and double, as for a pool that was dry; otherwise start with the whole gap.

    Yields:
        How many more instances to ask for. Send back whether they were granted.

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
