"""Decides, per symbol, what may be passed on: newer goes, older is dropped, a gap is held until it is repaired. No I/O.

Redis loses pub/sub messages without an error; only `seq` reveals it. While a gap is open, later updates of that symbol
wait here, so that what was missed goes out first. Who repairs (feed.py) either `fill`s the gap or `give_up`s.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.ws.update import Update

MAX_HELD = 200
"""Updates held per symbol before the oldest of them are let go: a repair that slow has failed."""


@dataclass
class Sequencer:
    """The newest update of every symbol seen, and per open gap what waits behind it, by `seq`."""

    latest: dict[str, Update] = field(default_factory=dict)
    gaps: dict[str, dict[int, Update]] = field(default_factory=dict)
    stale: int = 0
    gaps_found: int = 0
    gaps_repaired: int = 0
    gaps_given_up: int = 0

    def accept(self, update: Update) -> list[Update]:
        """Take a live update; return those that may go out now, in order."""
        held = self.latest.get(update.symbol)
        if held is None or self._starts_anew(held, update):
            self.gaps.pop(update.symbol, None)
            return self._pass([update])
        if update.fence < held.fence or update.epoch != held.epoch or update.seq <= held.seq:
            self.stale += 1
            return []
        waiting = self.gaps.get(update.symbol)
        if waiting is not None:
            waiting[update.seq] = update
            return self._advance(update.symbol) if len(waiting) < MAX_HELD else self.give_up(update.symbol)
        if update.seq == held.seq + 1:
            return self._pass([update])
        self.gaps_found += 1
        self.gaps[update.symbol] = {update.seq: update}
        return []

    def fill(self, symbol: str, missed: Iterable[Update]) -> list[Update]:
        """Take what a repair found for a gap; return what may go out. The gap stays open when something still lacks."""
        waiting = self.gaps.get(symbol)
        if waiting is None:
            return []
        held = self.latest[symbol]
        waiting.update((u.seq, u) for u in missed if u.epoch == held.epoch and u.seq > held.seq)
        return self._advance(symbol)

    def jump(self, update: Update) -> list[Update]:
        """Take a snapshot of the newest state: it passes when it is newer, whatever lies between, and closes the gap."""
        held = self.latest.get(update.symbol)
        newer = held is None or self._starts_anew(held, update)
        if held is not None and not newer:
            newer = update.fence >= held.fence and update.epoch == held.epoch and update.seq > held.seq
        if not newer:
            return []
        waiting = self.gaps.pop(update.symbol, {})
        later = [waiting[seq] for seq in sorted(waiting) if waiting[seq].epoch == update.epoch and seq > update.seq]
        return self._pass([update, *later])

    def give_up(self, symbol: str) -> list[Update]:
        """Close a gap that cannot be repaired: quotes are whole states, so the newest ones make the client current."""
        waiting = self.gaps.pop(symbol, None)
        if waiting is None:
            return []
        self.gaps_given_up += 1
        return self._pass([waiting[seq] for seq in sorted(waiting)])

    @staticmethod
    def _starts_anew(held: Update, update: Update) -> bool:
        """A new epoch counts only from a leader that is not deposed."""
        return update.epoch != held.epoch and update.fence >= held.fence

    def _advance(self, symbol: str) -> list[Update]:
        """Let go what now follows without a hole."""
        waiting = self.gaps[symbol]
        ready: list[Update] = []
        expected = self.latest[symbol].seq + 1
        while expected in waiting:
            ready.append(waiting.pop(expected))
            expected += 1
        if not waiting:
            del self.gaps[symbol]
            self.gaps_repaired += 1
        return self._pass(ready)

    def _pass(self, updates: list[Update]) -> list[Update]:
        for update in updates:
            self.latest[update.symbol] = update
        return updates
