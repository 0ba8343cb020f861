"""One way to walk through a collection: its slots by the seconds of a stamp."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable


class Order:
    """Slots in ascending (seconds, id), kept sorted while objects come, go and change.

    The seconds are held a second time, beside the slots: a window is two bisections of plain numbers, and a
    slot is found by its old seconds after the object has got new ones.
    """

    def __init__(self, slots_by_id: Iterable[int], seconds: "array[int]", ids: "array[int]") -> None:
        self.slots = array("I", sorted(slots_by_id, key=seconds.__getitem__))
        self._seconds = array("q", map(seconds.__getitem__, self.slots))
        self._ids = ids

    def window(self, since: int | None, until: int | None) -> tuple[int, int]:
        """The part of `slots` whose seconds lie between the two, both included; None leaves a side open."""
        low = 0 if since is None else bisect_left(self._seconds, since)
        high = len(self.slots) if until is None else bisect_right(self._seconds, until)
        return low, max(low, high)

    def add(self, slot: int, seconds: int) -> None:
        """Takes in an object that is not in this order yet."""
        place = self._place(slot, seconds)
        self.slots.insert(place, slot)
        self._seconds.insert(place, seconds)

    def drop(self, slot: int, seconds: int) -> None:
        """Takes out an object that was added with these seconds."""
        place = self._place(slot, seconds)
        del self.slots[place], self._seconds[place]

    def _place(self, slot: int, seconds: int) -> int:
        low, high = self.window(seconds, seconds)
        return bisect_left(self.slots, self._ids[slot], low, high, key=self._ids.__getitem__)
