"""One JSON object per line on stdout; a storm of the same event is sampled, so that a log never becomes the fault."""

import logging
import sys
import time

import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger("ws")


def configure(level: str, node: str, release: str) -> None:
    """Once at start."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(message)s")
    logging.getLogger("websockets").setLevel(logging.ERROR)  # tracebacks of dying sockets: we write one line ourselves
    logging.getLogger("httpx").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(node=node, release=release)


class Sampled:
    """Lets `per_second` lines through and counts the rest into the next one that passes."""

    def __init__(self, per_second: int = 5) -> None:
        self._per_second = per_second
        self._second = 0
        self._passed = 0
        self.suppressed = 0

    def info(self, event: str, **fields: object) -> None:
        """Log, or count."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._passed = second, 0
        if self._passed >= self._per_second:
            self.suppressed += 1
            return
        self._passed += 1
        if self.suppressed:
            fields["suppressed_before"] = self.suppressed
            self.suppressed = 0
        log.info(event, **fields)
