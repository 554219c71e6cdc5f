"""The last updates that passed through this node, so that a client that was away shortly gets each it missed. No I/O."""

from collections import deque
from collections.abc import Iterable

from services.ws.update import Update

MAX_UPDATES = 1_000
MAX_SECONDS = 60.0


class History:
    """Bounded by number and by age; `dropped` counts what fell out."""

    def __init__(self, max_updates: int = MAX_UPDATES, max_seconds: float = MAX_SECONDS) -> None:
        self._updates: deque[Update] = deque()
        self._max_updates = max_updates
        self._max_seconds = max_seconds
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._updates)

    def add(self, updates: Iterable[Update], now: float) -> None:
        """Keep updates, in the order in which they passed; `now` in the clock of `Update.received`."""
        kept = self._updates
        kept.extend(updates)
        while kept and (len(kept) > self._max_updates or now - kept[0].received > self._max_seconds):
            kept.popleft()
            self.dropped += 1

    def since(self, newest: Update, epoch: str, seq: int) -> list[Update] | None:
        """Updates of `newest.symbol` after `{epoch, seq}` up to `newest`, oldest first; None when some are no longer here."""
        if newest.epoch != epoch or newest.seq < seq:
            return None
        if newest.seq == seq:
            return []
        found = [u for u in self._updates if u.symbol == newest.symbol and u.epoch == epoch and seq < u.seq <= newest.seq]
        return found if [u.seq for u in found] == list(range(seq + 1, newest.seq + 1)) else None
