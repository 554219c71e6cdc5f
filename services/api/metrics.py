"""What Prometheus reads at `/metrics`: counted as plain numbers on the way of a request, made into families only when asked.

Labels are bounded: routes are templates, sources and providers come from settings; no client, symbol or path is ever a label.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import perf_counter, time

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.platform import Platform
from services.api.sources.live import LiveSource

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)


@dataclass(slots=True)
class RouteStats:
    """One route template and status."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    seconds: float = 0.0


class RequestStats:
    """Requests by route, method and status."""

    def __init__(self) -> None:
        self.routes: dict[tuple[str, str, int], RouteStats] = {}
        self.in_flight = 0

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        stats = self.routes.get((route, method, status))
        if stats is None:
            stats = self.routes[(route, method, status)] = RouteStats()
        stats.buckets[bisect_left(BUCKETS, seconds)] += 1
        stats.seconds += seconds


class MetricsLayer:
    """Plain ASGI: times each request and asks afterwards which route took it."""

    def __init__(self, app: ASGIApp, stats: RequestStats) -> None:
        self._app = app
        self._stats = stats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._stats.in_flight += 1
        try:
            await self._app(scope, receive, send_and_note)
        finally:
            self._stats.in_flight -= 1
            self._stats.count(route_of(scope), method_of(scope), status, perf_counter() - started)


def route_of(scope: Scope) -> str:
    """The template of the route that took the request; `none` when no route did."""
    route = scope.get("route")
    return getattr(route, "path", None) or scope.get("route_template") or "none"


def method_of(scope: Scope) -> str:
    """A bounded label, whatever a client sends."""
    method: str = scope["method"]
    return method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"


class PlatformMetrics(Collector):
    """Everything that is no request."""

    def __init__(self, platform: Platform, stats: RequestStats) -> None:
        self._platform = platform
        self._stats = stats

    def collect(self) -> Iterable[Metric]:
        yield from self._requests()
        yield from self._gauges()
        yield from self._counters()
        yield from self._providers()

    def _requests(self) -> Iterable[Metric]:
        family = HistogramMetricFamily(
            "stk_api_request_seconds", "Time of a request by route template", labels=["route", "method", "status"]
        )
        for (route, method, status), stats in self._stats.routes.items():
            total, rows = 0, []
            for bound, count in zip([*map(str, BUCKETS), "+Inf"], stats.buckets, strict=True):
                total += count
                rows.append((bound, total))
            family.add_metric([route, method, str(status)], rows, stats.seconds)
        yield family
        yield GaugeMetricFamily("stk_api_requests_in_flight", "Requests being answered", value=self._stats.in_flight)

    def _gauges(self) -> Iterable[Metric]:
        p = self._platform
        real = [p.store.held[symbol] for symbol in p.store.real_symbols()]
        newest = max((held.ts for held in real), default=None)
        gauges = {
            "stk_api_redis_up": ("Whether Redis can be used", float(p.link.is_up)),
            "stk_api_subscription_up": ("Whether updates are heard", float(p.channels.is_heard)),
            "stk_api_leader": ("Whether this replica ingests for all", float(p.ingest.is_leader)),
            "stk_api_alone": ("Whether this replica ingests for itself only", float(p.ingest.is_alone)),
            "stk_api_paused": ("Whether an operator paused publishing", float(p.ingest.is_paused)),
            "stk_api_quotes_held": ("Symbols with a quote", float(len(real))),
            "stk_api_symbols_wanted": ("Symbols somebody watches", float(len(p.demand.wanted()))),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(name, text, value=value)
        if newest is not None:
            yield GaugeMetricFamily("stk_api_newest_quote_age_seconds", "Since the last update", value=time() - newest / 1000)
        lag = GaugeMetricFamily(
            "stk_api_publish_lag_seconds", "From the source's time to publication, newest of each source", labels=["source"]
        )
        for source, seconds in _lags(p).items():
            lag.add_metric([source], seconds)
        yield lag

    def _counters(self) -> Iterable[Metric]:
        p = self._platform
        counters = {
            "stk_api_updates_published": ("Updates written as leader", p.publisher.published),
            "stk_api_updates_taken": ("Updates heard and newer", p.store.taken),
            "stk_api_updates_dropped": ("Updates heard and not newer", p.store.dropped),
            "stk_api_updates_missed": ("Sequence numbers jumped over", p.store.missed),
            "stk_api_updates_malformed": ("Lines on the channel that are no updates", p.store.malformed),
            "stk_api_control_refused": ("Control requests refused", p.control.refused),
        }
        for name, (text, value) in counters.items():
            yield CounterMetricFamily(name, text, value=value)
        cache = CounterMetricFamily("stk_api_cache", "Cached answers of slow services", labels=["outcome"])
        for outcome, value in (("hit", p.cache.hits), ("stale", p.cache.stale_hits), ("miss", p.cache.misses)):
            cache.add_metric([outcome], value)
        yield cache
        refused = CounterMetricFamily("stk_api_readings_refused", "Readings not published, by rule", labels=["rule"])
        for rule, value in Counter(p.ingest.refused).items():
            refused.add_metric([rule], value)
        yield refused
        limited = CounterMetricFamily("stk_api_rate_limited", "Requests refused with 429", labels=["limit"])
        for limiter in (p.limits.usual, p.limits.dear):
            limited.add_metric([limiter.name], limiter.refused)
        yield limited

    def _providers(self) -> Iterable[Metric]:
        calls = CounterMetricFamily("stk_api_provider_calls", "Calls to a market data service", labels=["provider"])
        failures = CounterMetricFamily("stk_api_provider_failures", "Failed calls", labels=["provider"])
        breaker = GaugeMetricFamily("stk_api_provider_breaker_open", "Whether it is left alone", labels=["provider"])
        budget = GaugeMetricFamily("stk_api_provider_budget_left", "Calls left in the longest window", labels=["provider"])
        source = self._platform.source
        for guarded in source.providers if isinstance(source, LiveSource) else ():
            name = [guarded.provider.name]
            calls.add_metric(name, guarded.calls)
            failures.add_metric(name, guarded.failures)
            breaker.add_metric(name, float(guarded.breaker.is_open(time())))
            budget.add_metric(name, guarded.budget.last_known_left)
        yield from (calls, failures, breaker, budget)


def _lags(platform: Platform) -> dict[str, float]:
    newest: dict[str, float] = {}
    for symbol in platform.store.real_symbols():
        held = platform.store.held[symbol]
        if held.data.get("status") == "live":
            lag = max(0.0, held.ts / 1000 - held.source_ts)
            name = str(held.data.get("source"))[:20]
            newest[name] = min(newest.get(name, lag), lag)
    return newest


def make_registry(platform: Platform, stats: RequestStats) -> CollectorRegistry:
    """Ours and the process's own."""
    registry = CollectorRegistry()
    registry.register(PlatformMetrics(platform, stats))
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


def render(registry: CollectorRegistry) -> bytes:
    """The text format."""
    return generate_latest(registry)
