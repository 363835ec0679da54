"""EC2 Capacity Reservations for moto: their actions, the capacity behind them, who runs in them, and faults on request.

moto is imported late: the client alone (`localcloud.ec2.client`) must be quick to import.
"""

from localcloud.clock import Clock


def install(clock: Clock) -> None:
    """Adds the actions to moto's EC2Response, and starts with no pools, quotas, faults or reservations.

    A second call swaps the clock and empties the state, which belongs to the process.
    """
    from localcloud.ec2.moto_hooks import add_actions
    from localcloud.ec2.state import replace_current

    add_actions()
    replace_current(clock)
