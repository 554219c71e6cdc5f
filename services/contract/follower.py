"""The rule every client follows to be never wrong: apply newer, drop older, notice gaps. No I/O.

Quotes are whole states, so a jump in `seq` leaves a client current (a slow one gets only the newest); it is counted,
because a node that should deliver every update is measured by it. The page implements the same rule in TypeScript;
both are held to vectors/follower.json.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Follower:
    """Latest update per symbol as one client knows it."""

    latest: dict[str, dict[str, Any]] = field(default_factory=dict)
    applied: int = 0
    dropped: int = 0
    missed: int = 0
    """How many sequence numbers were jumped over."""

    def apply(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """Take a decoded `price_update` or `snapshot`; return the updates that changed something, oldest first."""
        if message.get("type") == "snapshot":
            return [update for update in message["quotes"] if self._take(update, counts_gap=False)]
        if message.get("type") in ("price_update", "last_price"):
            return [message] if self._take(message, counts_gap=True) else []
        return []

    def position(self, symbol: str) -> dict[str, Any] | None:
        """`{epoch, seq}` for a resync, or None when nothing is held."""
        held = self.latest.get(symbol)
        return {"epoch": held["epoch"], "seq": held["seq"]} if held else None

    def forget(self, symbol: str) -> None:
        """After an unsubscribe: a later subscribe starts anew."""
        self.latest.pop(symbol, None)

    def _take(self, update: dict[str, Any], *, counts_gap: bool) -> bool:
        held = self.latest.get(update["symbol"])
        if held is not None:
            if update["fence"] < held["fence"]:
                self.dropped += 1
                return False
            if update["epoch"] == held["epoch"]:
                if update["seq"] <= held["seq"]:
                    self.dropped += 1
                    return False
                if counts_gap:
                    self.missed += update["seq"] - held["seq"] - 1
        self.latest[update["symbol"]] = update
        self.applied += 1
        return True
