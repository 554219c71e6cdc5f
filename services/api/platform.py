"""The parts of one API process and how they hang together. Composition only: no decision is taken here."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from services.api.channels import Channels
from services.api.control import ControlPlane
from services.api.demand import Demand
from services.api.ingest import Ingest
from services.api.lease import Lease
from services.api.publisher import Publisher
from services.api.quote_store import QuoteStore
from services.api.redis_link import RedisAway, RedisLink
from services.api.settings import Settings
from services.api.sources import Source
from services.api.tasks import Tasks
from services.contract.messages import Demand as DemandMessage

FRESHNESS_SECONDS = 0.25


@dataclass
class Platform:
    """Everything a route may need."""

    settings: Settings
    source: Source
    link: RedisLink
    store: QuoteStore
    channels: Channels
    demand: Demand
    lease: Lease
    publisher: Publisher
    ingest: Ingest
    control: ControlPlane
    tasks: Tasks

    def default_symbols(self) -> list[str]:
        """The default list: as set, else everything the source has."""
        if self.demand.default:
            return sorted(self.demand.default)
        return sorted(self.source.catalogue or ())

    async def ask(self, symbols: list[str]) -> frozenset[str]:
        """Make symbols wanted that are not held; return those the source certainly does not have."""
        catalogue = self.source.catalogue
        unknown = frozenset(symbols) - catalogue if catalogue is not None else frozenset[str]()
        known = [symbol for symbol in symbols if symbol not in unknown]
        if known:
            self.demand.interest(known)
            hint = DemandMessage(action="subscribe", symbols=known, node=self.settings.node_id).model_dump_json()
            with contextlib.suppress(RedisAway):
                await self.link.call(lambda client: client.publish(self.settings.redis_channel_subscriptions, hint))
        return unknown

    async def watch_freshness(self) -> None:
        """Keep `store.is_fresh` true only while updates can reach this process."""
        while True:
            self.store.is_fresh = self.link.is_up and self.channels.is_heard and self.lease.holder is not None
            await asyncio.sleep(FRESHNESS_SECONDS)

    async def start(self) -> None:
        """Begin all background work; returns at once."""
        self.tasks.start("redis", self.link.supervise)
        self.tasks.start("channels", self.channels.follow)
        self.tasks.start("demand", self.demand.watch)
        self.tasks.start("ingest", self.ingest.run)
        self.tasks.start("freshness", self.watch_freshness)

    async def stop(self) -> None:
        """Hand over the ingest, then end everything."""
        await self.ingest.resign()
        await self.tasks.stop()
        await self.source.close()
        await self.link.close()


def assemble(settings: Settings, make_source: Callable[[Settings], Source]) -> Platform:
    """Build the parts. Raises SourceError when the source cannot be used as configured."""
    source = make_source(settings)
    link = RedisLink(settings)
    store = QuoteStore()
    channels = Channels(link, store)
    demand = Demand(link, frozenset(settings.default_symbols))
    lease = Lease(link, settings.node_id)
    publisher = Publisher(link, settings.redis_channel_updates)
    ingest = Ingest(link, lease, publisher, demand, store, source)
    control = ControlPlane(link, ingest, settings.redis_channel_control, settings.control_key(), settings.node_id)
    channels.on(settings.redis_channel_updates, store.hear)
    channels.on(settings.redis_channel_subscriptions, demand.hear)
    channels.on(settings.redis_channel_control, control.hear)
    return Platform(settings, source, link, store, channels, demand, lease, publisher, ingest, control, Tasks())
