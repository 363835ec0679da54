"""Which reservations are in which resource groups."""


class GroupMembers:
    """The ARNs of reservations by the ARN of their group, in the order in which they came. The caller holds the lock.

    A reservation that has ended stays: that one leaves by itself is documented only of one that is no longer shared.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/add-to-group.html
    """

    def __init__(self) -> None:
        self._members: dict[str, dict[str, None]] = {}

    def of(self, group: str) -> list[str]:
        """The members of a group."""
        return list(self._members.get(group, ()))

    def groups_with(self, reservation: str) -> list[str]:
        """The groups that a reservation is in."""
        return [group for group, members in self._members.items() if reservation in members]

    def add(self, group: str, reservation: str) -> None:
        """Puts a reservation into a group; nothing changes if it is in it."""
        self._members.setdefault(group, {})[reservation] = None

    def remove(self, group: str, reservation: str) -> bool:
        """Takes a reservation out of a group; False if it was not in it."""
        members = self._members.get(group, {})
        is_member = reservation in members
        members.pop(reservation, None)
        return is_member

    def forget(self, group: str) -> None:
        """The group is deleted."""
        self._members.pop(group, None)
