"""What EC2 has and when it fails: pools, quotas, request rates and faults behind `localcloud.capacity_reservations`.

moto is imported late: the client alone (`localcloud.ec2.client`) must be quick to import.
"""

from localcloud.clock import Clock

PLENTY = 1_000_000
"""vCPUs, more than anybody reserves here."""


def install(clock: Clock, partition: str | None = None, vcpu_quota: int | None = PLENTY) -> None:
    """Adds the actions to moto's EC2, and starts with no pools, quotas, faults or reservations.

    A second call swaps the clock and empties the state, which belongs to the process.

    Args:
        clock: the cloud's time.
        partition: of the account; None opens the Regions of all.
        vcpu_quota: each On-Demand quota's vCPUs in each Region; None: as a new account has them.
    """
    from localcloud import capacity_reservations
    from localcloud.ec2 import places, request_hooks
    from localcloud.ec2.state import State

    state = State(clock, partition, vcpu_quota)
    capacity_reservations.install(state)
    state.reset()
    places.hook()
    request_hooks.hook()
