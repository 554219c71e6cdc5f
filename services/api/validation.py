"""Which readings may be published: the rules of a plausible price, in order. No I/O.

A reading is accepted, accepted without its day range, held back until a second one agrees (an unlikely jump), or refused; every
refusal is counted by its reason.
"""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

from services.api.sources import Reading
from services.contract.quotes import Session

JUMP_LIMIT = Decimal("0.20")
AGREEMENT = Decimal("0.01")
FUTURE_TOLERANCE = timedelta(seconds=60)


class Validator:
    """Remembers the last accepted reading of each symbol."""

    def __init__(self, refused: Counter[str] | None = None) -> None:
        self._held: dict[str, Reading] = {}
        self._quarantine: dict[str, Decimal] = {}
        self.refused: Counter[str] = Counter() if refused is None else refused

    def accept(self, reading: Reading, now: datetime | None = None) -> Reading | None:
        """The reading as it may be published, or None. `now` (only for live sources) bounds the source's time."""
        held = self._held.get(reading.symbol)
        reason = self._refusal(reading, held, now)
        if reason is not None:
            self.refused[reason] += 1
            return None
        accepted = self._plausible_range(reading)
        self._held[reading.symbol] = accepted
        self._quarantine.pop(reading.symbol, None)
        return accepted

    def _refusal(self, reading: Reading, held: Reading | None, now: datetime | None) -> str | None:
        if not reading.price.is_finite() or reading.price <= 0:
            return "price"
        if reading.volume is not None and reading.volume < 0:
            return "volume"
        if now is not None and reading.source_time > now + FUTURE_TOLERANCE:
            return "future"
        if held is not None and reading.source_time < held.source_time:
            return "older"
        if held is not None and _volume_falls(reading, held):
            return "volume-falls"
        if self._is_unlikely(reading, held):
            return "jump"
        return None

    def _is_unlikely(self, reading: Reading, held: Reading | None) -> bool:
        """More than 20 % from the base and from what is held, and no second reading near it: F&O stocks have no band, so it may
        be real."""
        base = reading.base_price or reading.previous_close
        if base is None or base <= 0 or abs(reading.price / base - 1) <= JUMP_LIMIT:
            return False
        if held is not None and abs(reading.price / held.price - 1) <= JUMP_LIMIT:
            return False
        before = self._quarantine.get(reading.symbol)
        self._quarantine[reading.symbol] = reading.price
        return before is None or abs(reading.price / before - 1) > AGREEMENT

    @staticmethod
    def _plausible_range(reading: Reading) -> Reading:
        """Drop high and low that the price is outside of, but in an auction, where that is normal."""
        if reading.session is Session.CLOSING_AUCTION or reading.high is None or reading.low is None:
            return reading
        if reading.low <= reading.price <= reading.high:
            return reading
        return reading.with_changes(high=None, low=None)


def _volume_falls(reading: Reading, held: Reading) -> bool:
    if reading.volume is None or held.volume is None or reading.source_time.date() != held.source_time.date():
        return False
    return reading.source == held.source and reading.volume < held.volume
