"""What is true of the stream as a whole, and telling every client when it changes."""

from collections import Counter
from collections.abc import Callable
from typing import Literal

from services.contract.messages import Notice, StatusMessage
from services.ws import wire

State = Literal["live", "degraded", "paused", "resumed", "draining"]


class StreamState:
    """`status` is what a new client is told beside its greeting: None while all is well."""

    def __init__(self, tell: Callable[[bytes], None]) -> None:
        self._tell = tell
        self._degraded: str | None = None
        self._paused: str | None = None
        self._notice: Notice | None = None
        self.told: Counter[str] = Counter()
        self.resyncs: Counter[str] = Counter()

    @property
    def name(self) -> State:
        """The state in one word."""
        return "degraded" if self._degraded else "paused" if self._paused is not None else "live"

    @property
    def status(self) -> StatusMessage | None:
        """For a new client."""
        notice = self._notice
        if notice is not None and notice.until is not None and notice.until < wire.now():
            notice = self._notice = None
        if self.name == "live" and notice is None:
            return None
        return self._message(self.name, self._degraded or self._paused)

    def degraded(self, reason: str) -> None:
        """Updates do not come: prices are the last known."""
        self._degraded = reason
        self._say("degraded", reason)

    def live(self) -> None:
        """Updates come again, and everybody has been made current."""
        if self._degraded is not None:
            self._degraded = None
            self._say("live")

    @property
    def is_paused(self) -> bool:
        """Whether an operator stopped the stream."""
        return self._paused is not None

    def paused(self, reason: str) -> None:
        """An operator stopped the stream."""
        self._paused = reason
        self._say("paused", reason)

    def resumed(self) -> None:
        """An operator let it go on."""
        if self._paused is not None:
            self._paused = None
            self._say("resumed")

    def notice(self, notice: Notice) -> None:
        """An operator's words to the users."""
        self._notice = notice
        self._say(self.name)

    def draining(self, retry_after_ms: int) -> None:
        """This node goes away."""
        self._say("draining", "this node restarts", retry_after_ms)

    def count_resync(self, recovered: bool) -> None:
        """For the metrics."""
        self.resyncs["recovered" if recovered else "snapshot"] += 1

    def _say(self, state: State, reason: str | None = None, retry_after_ms: int | None = None) -> None:
        self.told[state] += 1
        self._tell(wire.encode(self._message(state, reason, retry_after_ms)))

    def _message(self, state: State, reason: str | None = None, retry_after_ms: int | None = None) -> StatusMessage:
        return StatusMessage(state=state, reason=reason, notice=self._notice, retry_after_ms=retry_after_ms, timestamp=wire.now())
