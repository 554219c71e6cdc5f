"""What the services on the internet answer: one typed error for all of them, strict values, and one file per service.

The parsers do no I/O and raise nothing but UpstreamError, whatever they are given.
"""

from enum import StrEnum


class Kind(StrEnum):
    """Why there is no value."""

    RATE_LIMITED = "rate limited"
    NOT_COVERED = "not covered"
    UNKNOWN_SYMBOL = "unknown symbol"
    BLOCKED = "blocked"
    BAD_KEY = "key rejected"
    NO_DATA = "no data"
    MALFORMED = "malformed"
    UNAVAILABLE = "unavailable"


class Window(StrEnum):
    """Which of a service's limits was met; its reset decides how long to keep away."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"


class UpstreamError(Exception):
    """One typed refusal or failure. The text never holds a key: bodies are not quoted."""

    def __init__(self, kind: Kind, text: str = "", *, window: Window | None = None, retry_after: float | None = None) -> None:
        super().__init__(f"{kind}: {text}" if text else str(kind))
        self.kind = kind
        self.window = window
        self.retry_after_seconds = retry_after
