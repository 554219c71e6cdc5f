"""The way of a price into Redis: the leading replica asks its source, validates, and publishes what somebody wants.

One replica leads (lease.py); the others stand ready and serve what they hear. Losing the lease, Redis or its data ends the
term, and a new one begins with the current reading of every wanted symbol.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from services.api.clock import Clock, WallClock, monotonic_seconds
from services.api.demand import Demand
from services.api.instruments import instruments
from services.api.lease import CAMPAIGN_SECONDS, RENEW_SECONDS, Lease, Term
from services.api.logs import logger
from services.api.publisher import Fenced, LocalWriter, Publisher, Writer
from services.api.quote_store import QuoteStore
from services.api.redis_link import RedisAway, RedisLink
from services.api.sources import Reading, Source, quote_of
from services.api.validation import Validator
from services.contract import keyspace
from services.contract.keyspace import LEADER_LEASE_MS, PAUSED
from services.contract.quotes import Quote, Session, Status
from services.contract.symbols import PROBE_SYMBOL

FAILURES_BEFORE_ALONE = 2

log = logger(__name__)


class Ingest:
    """Campaigns, leads, publishes."""

    def __init__(
        self,
        link: RedisLink,
        lease: Lease,
        publisher: Publisher,
        demand: Demand,
        store: QuoteStore,
        source: Source,
        clock: Clock | None = None,
    ) -> None:
        self._link = link
        self._lease = lease
        self._publisher = publisher
        self._demand = demand
        self._store = store
        self._source = source
        self._clock = clock or WallClock()
        self.refused: Counter[str] = Counter()
        self._validator = Validator(self.refused)
        self._served: set[str] = set()
        self._publishing = asyncio.Lock()
        self.term: Term | None = None
        self.is_paused = False
        self.is_alone = False
        self.may_lead = True
        self.last_published = 0.0

    @property
    def is_leader(self) -> bool:
        return self.term is not None

    async def run(self) -> None:
        """Campaign once a second; lead while elected; ingest for this process alone while Redis is away."""
        failures = 0
        while True:
            try:
                term = await self._lease.acquire() if self.may_lead else None
                failures = 0
                if term is not None:
                    await self._lead(term)
                    continue
            except RedisAway:
                failures += 1
                if self.may_lead and failures >= FAILURES_BEFORE_ALONE:
                    await self._ingest_alone()
            await asyncio.sleep(CAMPAIGN_SECONDS)

    async def resign(self) -> None:
        """At shutdown or drain: let another lead at once."""
        self.may_lead = False
        if self.term is not None:
            with contextlib.suppress(RedisAway):
                await self._lease.release()

    async def inject(self, price: Decimal) -> None:
        """Publish `price` for the probe symbol, if this replica leads. Raises RedisAway."""
        if self.term is None:
            return
        now = self._clock.now()
        probe = Quote(
            symbol=PROBE_SYMBOL, price=price, change=None, change_percent=None, volume=None, timestamp=now,
            source="probe", source_time=now, status=Status.SIMULATED, session=Session.OPEN,
        )  # fmt: skip
        async with self._publishing:
            await self._publisher.publish(self.term, [probe], now)

    async def _lead(self, term: Term) -> None:
        log.info("leading the ingest", fence=term.fence, epoch=term.epoch)
        self.is_paused = bool(await self._link.call(lambda client: client.exists(PAUSED)))
        await self._forget_others()
        try:
            self.term = term
            await self._work(term, self._publisher, self._renew(term))
        except (Fenced, RedisAway) as error:
            log.info("no longer leading the ingest", fence=term.fence, reason=f"{type(error).__name__}: {error}")
        finally:
            self.term = None

    async def _forget_others(self) -> None:
        """What another source left and a played day does not have is taken out of the cache: no mix of made-up and recorded."""
        catalogue = self._source.catalogue
        if catalogue is None:
            return
        others = [keyspace.quote(symbol) for symbol in self._store.real_symbols() if symbol not in catalogue]
        if others:
            await self._link.call(lambda client: client.delete(*others))

    async def _ingest_alone(self) -> None:
        log.info("ingesting for this process alone until redis is back", source=self._source.name)
        self.is_alone = True
        try:
            await self._work(Term(0, f"alone-{uuid4().hex[:12]}"), LocalWriter(self._store), self._link.wait_until_writable())
        finally:
            self.is_alone = False

    async def _work(self, term: Term, writer: Writer, until: Coroutine[Any, Any, None]) -> None:
        """Play and serve until `until` ends or something fails; one failure ends all three."""
        self._source.start(self._lease.left)
        self._validator = Validator(self.refused)
        self._served = set()
        self._demand.changed.set()
        duties = [asyncio.ensure_future(duty) for duty in (until, self._play(term, writer), self._serve_new(term, writer))]
        try:
            done, _ = await asyncio.wait(duties, return_when=asyncio.FIRST_COMPLETED)
            for duty in done:
                duty.result()
        finally:
            self._lease.left = self._source.position() or self._lease.left
            for duty in duties:
                duty.cancel()
            await asyncio.gather(*duties, return_exceptions=True)

    async def _renew(self, term: Term) -> None:
        """Ends by Fenced when the lease was lost."""
        renewed = monotonic_seconds()
        while await self._lease.renew(term, self._source.position()):
            renewed = monotonic_seconds()
            await asyncio.sleep(RENEW_SECONDS)
            if monotonic_seconds() - renewed > LEADER_LEASE_MS / 1000:
                log.warning("the event loop slept through the lease", seconds=round(monotonic_seconds() - renewed, 1))
        raise Fenced("the lease was lost")

    async def _play(self, term: Term, writer: Writer) -> None:
        while True:
            await self._publish(term, writer, await self._source.next(self._wanted))

    async def _serve_new(self, term: Term, writer: Writer) -> None:
        """Publish the current reading of each newly wanted symbol as soon as it is wanted."""
        while True:
            self._demand.changed.clear()
            new = self._wanted() - self._served
            if new:
                await self._publish(term, writer, await self._source.current(new))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._demand.changed.wait()
            self._served &= self._wanted()

    def _everything(self) -> frozenset[str]:
        """Without a default list: all the source has; of a source that cannot say, the built-in list."""
        if self._demand.default:
            return frozenset()
        return self._source.catalogue if self._source.catalogue is not None else frozenset(instruments())

    def _wanted(self) -> frozenset[str]:
        """Of a played day also all that is held: it costs no upstream call, and what is answered must not stand still."""
        wanted = self._demand.wanted() | self._everything()
        catalogue = self._source.catalogue
        return wanted if catalogue is None else (wanted | self._store.held.keys()) & catalogue

    async def _publish(self, term: Term, writer: Writer, readings: Sequence[Reading]) -> None:
        quotes = [quote for reading in readings if (quote := self._quote(reading))]
        if not quotes or self.is_paused:
            return
        async with self._publishing:
            await writer.publish(term, quotes, self._clock.now())
        self._served.update(quote.symbol for quote in quotes)
        self.last_published = monotonic_seconds()

    def _quote(self, reading: Reading) -> Quote | None:
        accepted = self._validator.accept(reading, self._clock.now() if self._source.catalogue is None else None)
        if accepted is None:
            return None
        try:
            return quote_of(accepted, self._source.name, self._source.status)
        except ValidationError as error:
            log.warning("reading refused", symbol=reading.symbol, reason=str(error.errors(include_input=False)[:1]))
            return None

    async def set_paused(self, paused: bool) -> None:
        """Stop or resume publishing; on resume everything wanted is published anew."""
        self.is_paused = paused
        if not paused:
            self._served.clear()
            self._demand.changed.set()

    def facts(self) -> dict[str, Any]:
        """For status and metrics."""
        return {
            "leader": self.is_leader,
            "alone": self.is_alone,
            "holder": self._lease.holder,
            "fence": self.term.fence if self.term else None,
            "paused": self.is_paused,
            "source": self._source.name,
        }
