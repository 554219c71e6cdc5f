"""When a value that its source gave up is no value any more: after a quarter of an hour of trading without a source.

While the exchange is closed nothing changes, so the last value stays true however long ago it was heard. A played or simulated
day has no such end: it stands still, and says so by its time.
"""

from services.api.clock import Clock, WallClock
from services.api.market_calendar import Calendar, load_calendar
from services.api.quote_store import Held
from services.contract.quotes import TRADING


class Expiry:
    """Judges stale values only: the answer's usual way does not come here."""

    def __init__(self, after_seconds: float, clock: Clock | None = None, calendar: Calendar | None = None) -> None:
        self._after_seconds = after_seconds
        self._clock = clock or WallClock()
        self._calendar = calendar or load_calendar()

    def is_over(self, held: Held) -> bool:
        """Whether this value must not be shown any more."""
        if not held.is_stale or held.fetched_ts is None:
            return False
        now = self._clock.now()
        return now.timestamp() - held.fetched_ts > self._after_seconds and self._calendar.session_at(now) in TRADING
