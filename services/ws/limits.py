"""Counting what one client, one address or the node may do per second. No I/O; the caller brings the time."""


class Bucket:
    """Token bucket: `rate` per second, `burst` at once."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._at = now

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Whether `amount` more fits now; takes it if so."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < amount:
            return False
        self._tokens -= amount
        return True

    def wait_seconds(self) -> float:
        """How long until one more fits."""
        return max(0.0, (1.0 - self._tokens) / self._rate)
