"""One JSON object per line on stdout, for our own events and every library's; secrets never pass."""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

_KEY_IN_TEXT = re.compile(
    r"(?i)\b(api_?key|key|token|password|authorization)([\"']?\s*[:=]\s*[\"']?(?:apikey |bearer )?)([^\s&\"',}]+)"
)
HIDDEN = "[hidden]"


class Redaction:
    """Replaces known secret values, and whatever follows `apikey=`, `token:` and the like, in any text of an event."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted((s for s in secrets if len(s) >= 4), key=len, reverse=True)

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return _KEY_IN_TEXT.sub(rf"\1\2{HIDDEN}", text)

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.value(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value if isinstance(value, int | float | bool | None) else self.text(str(value))

    def __call__(self, _: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for name, value in event.items():
            event[name] = self.value(value)
        return event


def configure_logs(level: str, overrides: dict[str, str], secrets: Iterable[str], **fixed: str) -> None:
    """Route structlog and the standard library through one JSON renderer; `fixed` fields are in every line."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        lambda _, __, event: fixed | event,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    finish: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        Redaction(secrets),
        structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=finish))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("httpx").setLevel("WARNING")
    for name, chosen in overrides.items():
        logging.getLogger(name).setLevel(chosen)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A named event logger: `logger(__name__).info("event name", field=value)`."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound
