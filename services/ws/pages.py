"""The plain HTTP answers on the socket's port: health, readiness, metrics."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.core import Metric

from services.contract import endpoints
from services.contract.quotes import utc_text
from services.ws.admission import Page
from services.ws.metrics import NodeMetrics

JSON = "application/json"


class Pages:
    """`facts` are the body of /health; `unready` is why the node should get no traffic, None when it should."""

    def __init__(
        self,
        facts: Callable[[], dict[str, object]],
        unready: Callable[[], str | None],
        families: Callable[[], Iterable[Metric]],
    ) -> None:
        self._facts = facts
        self._unready = unready
        self._metrics = NodeMetrics(families)

    def table(self) -> dict[str, Page]:
        """Path -> page."""
        return {endpoints.HEALTH: self._health, endpoints.READY: self._ready, endpoints.METRICS: self._text}

    async def _health(self) -> tuple[int, str, bytes]:
        body = {"status": "healthy", **self._facts(), "timestamp": utc_text(datetime.now(UTC))}
        return 200, JSON, json.dumps(body).encode()

    async def _ready(self) -> tuple[int, str, bytes]:
        reason = self._unready()
        body = {"status": "ready" if reason is None else "not ready", "reason": reason, **self._facts()}
        return 200 if reason is None else 503, JSON, json.dumps(body).encode()

    async def _text(self) -> tuple[int, str, bytes]:
        return 200, CONTENT_TYPE_LATEST, self._metrics.text()
