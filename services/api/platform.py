"""The parts of one API process and how they hang together. Composition only: no decision is taken here."""

import contextlib
from dataclasses import dataclass, field
from time import time
from typing import Literal

from services.api.auth import TokenCheck, make_token_check
from services.api.budgets import Budget
from services.api.cache import Cache
from services.api.channels import Channels
from services.api.control import ControlPlane
from services.api.database import make_engine
from services.api.demand import Demand
from services.api.expiry import Expiry
from services.api.history import Histories
from services.api.ingest import Ingest
from services.api.insights import LIMITS as GEMINI_LIMITS
from services.api.insights import Insights, make_insights
from services.api.instruments import instruments
from services.api.interest import Interest
from services.api.lease import Lease
from services.api.negative import NegativeCache
from services.api.publisher import Publisher
from services.api.quote_store import QuoteStore
from services.api.rate_limit import RateLimits
from services.api.redis_link import RedisAway, RedisLink
from services.api.search import Search
from services.api.settings import Settings
from services.api.sources import Source
from services.api.sources.choice import make_source
from services.api.sources.live import LiveSource
from services.api.tasks import Tasks
from services.api.upstreams import Kind
from services.api.waiting import Waiting
from services.api.watchlists import Watchlists
from services.contract.messages import Demand as DemandMessage

SERVICES_WITH_KEYS: tuple[Literal["twelve_data", "alpha_vantage", "gemini"], ...] = ("twelve_data", "alpha_vantage", "gemini")


@dataclass
class Platform:
    """Everything a route may need."""

    settings: Settings
    source: Source
    negative: NegativeCache
    link: RedisLink
    store: QuoteStore
    channels: Channels
    demand: Demand
    lease: Lease
    publisher: Publisher
    ingest: Ingest
    control: ControlPlane
    limits: RateLimits
    cache: Cache
    search: Search
    histories: Histories
    insights: Insights | None
    token_check: TokenCheck | None
    watchlists: Watchlists | None
    tasks: Tasks
    expiry: Expiry
    waiting: Waiting = field(init=False)
    interest: Interest = field(init=False)

    def __post_init__(self) -> None:
        self.waiting = Waiting(self.store, self.has_hope, self.negative.known)
        steady = frozenset[str]() if self.demand.default else frozenset(instruments())
        is_live = self.source.catalogue is None
        self.interest = Interest(self.demand, self.store, self.ask, self.has_hope, steady if is_live else None)

    def default_symbols(self) -> list[str]:
        """The default list: as set, else everything the source has."""
        if self.demand.default:
            return sorted(self.demand.default)
        return sorted(self.source.catalogue if self.source.catalogue is not None else instruments())

    def has_hope(self) -> bool:
        """Whether a price that is not here may still come: somebody ingests or soon will, and some service may be asked."""
        is_reached = self.link.is_up or self.ingest.is_alone
        is_away = isinstance(self.source, LiveSource) and self.source.is_away(self.lease.left)
        return is_reached and not is_away and not self.ingest.is_paused

    async def ask(self, symbols: list[str]) -> frozenset[str]:
        """Make symbols wanted that are not held; return those the source certainly does not have."""
        catalogue = self.source.catalogue
        unknown = frozenset(symbols) - catalogue if catalogue is not None else await self.negative.known(symbols)
        known = [symbol for symbol in symbols if symbol not in unknown]
        if known:
            self.demand.interest(known)
            hint = DemandMessage(action="subscribe", symbols=known, node=self.settings.node_id).model_dump_json()
            with contextlib.suppress(RedisAway):
                await self.link.call(lambda client: client.publish(self.settings.redis_channel_subscriptions, hint))
        return unknown

    def provider_facts(self) -> list[dict[str, object]]:
        """State of each market data service in use, in the order they are asked."""
        guarded = self.source.providers if isinstance(self.source, LiveSource) else ()
        return [
            {
                "name": one.provider.name,
                "open": one.breaker.is_open(time()),
                "lastError": str(one.breaker.last_error.kind) if one.breaker.last_error else None,
                "budgetLeft": one.budget.last_known_left,
            }
            for one in guarded
        ]

    def key_states(self) -> dict[str, Literal["set", "missing", "rejected"]]:
        """Keys of external services: set, missing, or rejected by the service when it was last asked."""
        rejected = {str(fact["name"]) for fact in self.provider_facts() if fact["lastError"] == Kind.BAD_KEY}
        rejected |= {"gemini"} if self.insights is not None and self.insights.is_key_rejected else set()
        states: dict[str, Literal["set", "missing", "rejected"]] = {}
        for service in SERVICES_WITH_KEYS:
            is_set = self.settings.api_key(service) is not None
            states[service] = "rejected" if service in rejected else "set" if is_set else "missing"
        return states

    async def start(self) -> None:
        """Begin all background work; returns at once."""
        self.tasks.start("redis", self.link.supervise)
        self.tasks.start("channels", self.channels.follow)
        self.tasks.start("demand", self.demand.watch)
        self.tasks.start("ingest", self.ingest.run)
        self.tasks.start("limits", self.limits.share)

    async def stop(self) -> None:
        """Hand over the ingest, then end everything."""
        await self.ingest.resign()
        await self.tasks.stop()
        await self.source.close()
        await self.link.close()


def assemble(settings: Settings) -> Platform:
    """Build the parts. Raises SourceError when the source cannot be used as configured."""
    link = RedisLink(settings)
    negative = NegativeCache(link)
    source = make_source(settings, link, negative)
    store = QuoteStore(source.name if source.catalogue is not None else None)
    channels = Channels(link, store)
    demand = Demand(link, frozenset(settings.default_symbols))
    lease = Lease(link, settings.node_id)
    publisher = Publisher(link, settings.redis_channel_updates)
    ingest = Ingest(link, lease, publisher, demand, store, source)
    control = ControlPlane(link, ingest, settings.redis_channel_control, settings.control_key(), settings.node_id)
    cache = Cache(link)
    dsn = settings.database_dsn()
    store.freshness = lambda: ingest.is_alone or (link.is_up and channels.is_heard and lease.holder is not None)
    channels.on(settings.redis_channel_updates, store.hear)
    channels.on(settings.redis_channel_subscriptions, demand.hear)
    channels.on(settings.redis_channel_control, control.hear)
    return Platform(
        settings=settings,
        source=source,
        negative=negative,
        link=link,
        store=store,
        channels=channels,
        demand=demand,
        lease=lease,
        publisher=publisher,
        ingest=ingest,
        control=control,
        limits=RateLimits(link, settings.rate_limit_per_minute, settings.rate_limit_upstream_per_minute),
        cache=cache,
        search=Search(source, cache),
        histories=Histories(source, store, cache),
        insights=make_insights(settings, cache, Budget(link, "gemini", GEMINI_LIMITS)),
        token_check=make_token_check(settings),
        watchlists=Watchlists(make_engine(dsn)) if dsn else None,
        tasks=Tasks(),
        expiry=Expiry(settings.no_data_after_seconds),
    )
