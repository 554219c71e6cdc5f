"""What one client, and what all clients of one interest, still have to get. No I/O.

A client whose socket takes no more is `paused`: from then on only the names of changed symbols are kept (conflation), and when
it reads again it gets the newest of each. Memory per client is so bounded by the symbols it holds, whatever the feed does.
"""

from collections.abc import Callable, Iterable

from services.contract.messages import Mode
from services.ws.update import Update

Interest = frozenset[tuple[str, Mode]]
Item = tuple[bytes, Update]
"""A finished frame and what it was made from."""


class Outbox:
    """One client. `paused_since` is in loop seconds, 0.0 while the client keeps up."""

    __slots__ = ("address", "audience", "dirty", "paused_since", "place", "spill", "symbols")

    def __init__(self, address: int, spill: Callable[[bytes], None]) -> None:
        self.address = address
        """Where the hub sends: a socket's descriptor."""
        self.spill = spill
        """Takes what could not be sent at once, and calls `pause` until it is gone: nothing may overtake it."""
        self.symbols: dict[str, Mode] = {}
        self.audience: Audience | None = None
        self.place = 0
        """Among the members of its audience."""
        self.dirty: dict[str, None] | None = None
        """Changed symbols in order while paused, None while the client keeps up."""
        self.paused_since = 0.0

    def pause(self, now: float) -> None:
        """The socket takes no more."""
        if self.dirty is None:
            self.dirty = {}
            self.paused_since = now

    def told(self, symbols: Iterable[str]) -> None:
        """A snapshot with the newest of these is on its way: nothing of them is owed any more."""
        if self.dirty is not None:
            for symbol in symbols:
                self.dirty.pop(symbol, None)

    def take_dirty(self) -> list[str]:
        """The client reads again: what changed meanwhile."""
        changed = list(self.dirty or ())
        self.dirty = None
        self.paused_since = 0.0
        return changed


class Audience:
    """Clients with the same interest, in no order; `pending` is what they have not been written since `since` (loop seconds).

    Most audiences have one member, and fan-out walks through thousands of them: so each is kept small.
    """

    __slots__ = ("interest", "is_queued", "members", "pending", "since")

    def __init__(self, interest: Interest) -> None:
        self.interest = interest
        self.members: list[Outbox] = []
        self.pending: list[Item] = []
        self.is_queued = False
        self.since = 0.0

    def add(self, outbox: Outbox) -> None:
        """One more."""
        outbox.audience, outbox.place = self, len(self.members)
        self.members.append(outbox)

    def discard(self, outbox: Outbox) -> None:
        """One less: the last member takes its place."""
        last = self.members.pop()
        if last is not outbox:
            self.members[outbox.place] = last
            last.place = outbox.place
        outbox.audience = None
