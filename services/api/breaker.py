"""When to leave a failing service alone. Time is given by the caller. No I/O."""

from services.api.upstreams import Kind, UpstreamError, Window

OPEN_MAX_SECONDS = 900.0
REFUSED_KEY_SECONDS = 900.0
SYMBOL_KINDS = frozenset({Kind.UNKNOWN_SYMBOL, Kind.NOT_COVERED, Kind.NO_DATA})
"""These say something about a symbol, not about the service."""


class Breaker:
    """Closed, open until a moment, then one trial: half open."""

    def __init__(self, open_seconds: float = 60.0) -> None:
        self.open_until = 0.0
        self.open_seconds = self._pause = open_seconds
        self.last_error: UpstreamError | None = None

    def is_open(self, now: float) -> bool:
        """Whether calls are pointless now."""
        return now < self.open_until

    def succeeded(self) -> None:
        """A good answer: everything forgotten."""
        self.open_until, self._pause, self.last_error = 0.0, self.open_seconds, None

    def failed(self, error: UpstreamError, now: float) -> None:
        """Open for as long as this kind of failure asks for; repeated blocks and outages double the pause up to 15 minutes."""
        if error.kind in SYMBOL_KINDS:
            return
        self.last_error = error
        if error.kind is Kind.RATE_LIMITED:
            self.open_until = now + (error.retry_after_seconds or _rest_of(error.window, now))
        elif error.kind is Kind.BAD_KEY:
            self.open_until = now + REFUSED_KEY_SECONDS
        else:
            self.open_until = now + (error.retry_after_seconds or self._pause)
            self._pause = min(2 * self._pause, OPEN_MAX_SECONDS)


def _rest_of(window: Window | None, now: float) -> float:
    seconds = {Window.SECOND: 1, Window.MINUTE: 60, Window.DAY: 86_400}[window or Window.MINUTE]
    return float(max(1, seconds - now % seconds))
