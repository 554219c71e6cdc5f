"""What one client still has to get. No I/O: it writes through a function it was given.

A client whose buffer is full is `paused`: from then on only the names of changed symbols are kept (conflation), and on
`resume` it gets the newest of each. Memory per client is so bounded by the symbols it holds, whatever the feed does.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from services.contract.messages import Mode

if TYPE_CHECKING:
    from services.ws.hub import Audience


class Outbox:
    """`write` takes finished frames and never waits. `paused_since` is in loop seconds, 0.0 while the client keeps up."""

    __slots__ = ("audience", "dirty", "paused_since", "symbols", "write")

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.write = write
        self.symbols: dict[str, Mode] = {}
        self.audience: Audience | None = None
        self.dirty: dict[str, None] | None = None
        """Changed symbols in order while paused, None while the client keeps up."""
        self.paused_since = 0.0

    def pause(self, now: float) -> None:
        """The client's buffer is full."""
        if self.dirty is None:
            self.dirty = {}
            self.paused_since = now

    def take_dirty(self) -> list[str]:
        """The client reads again: what changed meanwhile."""
        changed = list(self.dirty or ())
        self.dirty = None
        self.paused_since = 0.0
        return changed
