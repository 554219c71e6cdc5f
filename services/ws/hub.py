"""Who wants which symbol, and the fan-out. No sockets, no Redis, no clock of its own: plain calls, so it can be tested alone.

Clients that hold exactly the same symbols form an Audience: what they get is joined once for all of them. Audiences with
something pending stand in one queue; each is written when its turn comes, with all that has gathered until then. So the system
call per client, which is what fan-out costs, is shared by the updates of one round, and nobody waits longer than a round.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from services.contract.messages import Mode
from services.ws.outbox import Audience, Interest, Item, Outbox
from services.ws.update import Update

MAX_PENDING = 200
"""More updates than this for one audience are conflated: memory stays bounded whatever is replayed after an outage."""


@dataclass(slots=True)
class HubCounts:
    """Monotonic counters; deliveries are frames handed to a client's socket."""

    queued: int = 0
    """Updates put to audiences."""
    delivered: int = 0
    writes: int = 0
    coalesced: int = 0
    conflated: int = 0
    failed_writes: int = 0


@dataclass
class Hub:
    """`on_pending` is called when something is queued; the pacer then calls `flush`."""

    latest: dict[str, Update]
    on_pending: Callable[[], None] = lambda: None
    on_failed: Callable[[Outbox], None] = lambda outbox: None
    counts: HubCounts = field(default_factory=HubCounts)
    paused: bool = False

    def __post_init__(self) -> None:
        self._audiences: dict[Interest, Audience] = {}
        self._wanting: dict[tuple[str, Mode], set[Audience]] = {}
        self._holders: dict[str, int] = {}
        self._withheld: dict[str, Update] = {}
        self._queue: deque[Audience] = deque()

    # ---- interest

    @property
    def holders(self) -> dict[str, int]:
        """Symbol -> number of clients that hold it; never 0."""
        return self._holders

    def set_interest(self, outbox: Outbox, symbols: dict[str, Mode]) -> None:
        """Make `symbols` what this client gets from now on; it must be sent `latest` of the new ones in this same step.

        What is pending for an audience leaves before its members change: so nobody misses or gets twice what lies between.
        """
        if outbox.audience is not None:
            self._write(outbox.audience)
        if outbox.audience is not None:
            self._leave(outbox, outbox.audience)
        self._count(outbox.symbols, -1)
        outbox.symbols = symbols
        self._count(symbols, +1)
        if symbols:
            self._join(outbox, frozenset(symbols.items()))

    def remove(self, outbox: Outbox) -> None:
        """The client is gone; idempotent."""
        if outbox.audience is not None:
            self._leave(outbox, outbox.audience)
        self._count(outbox.symbols, -1)
        outbox.symbols = {}

    def _count(self, symbols: Iterable[str], step: int) -> None:
        for symbol in symbols:
            count = self._holders.get(symbol, 0) + step
            if count:
                self._holders[symbol] = count
            else:
                del self._holders[symbol]

    def _join(self, outbox: Outbox, interest: Interest) -> None:
        if interest in self._audiences:
            self._write(self._audiences[interest])  # may end it, when all its sockets are gone
        audience = self._audiences.get(interest)
        if audience is None:
            audience = self._audiences[interest] = Audience(interest)
            for topic in interest:
                self._wanting.setdefault(topic, set()).add(audience)
        audience.add(outbox)

    def _leave(self, outbox: Outbox, audience: Audience) -> None:
        audience.discard(outbox)
        if audience.members:
            return
        audience.pending = []
        del self._audiences[audience.interest]
        for topic in audience.interest:
            wanting = self._wanting[topic]
            wanting.discard(audience)
            if not wanting:
                del self._wanting[topic]

    # ---- fan-out

    def publish(self, updates: Iterable[Update], now: float = 0.0) -> None:
        """Put updates, in order, to the audiences that want them; `now` in loop seconds."""
        if self.paused:
            self._withheld.update((update.symbol, update) for update in updates)
            return
        for update in updates:
            for mode in Mode:
                wanting = self._wanting.get((update.symbol, mode))
                if wanting:
                    self._queue_item((update.frame_for(mode), update), wanting, now)
        if self._queue:
            self.on_pending()

    def _queue_item(self, item: Item, wanting: set[Audience], now: float) -> None:
        queue = self._queue
        self.counts.queued += len(wanting)
        for audience in wanting:
            pending = audience.pending
            if not pending:
                audience.since = now
            pending.append(item)
            if not audience.is_queued:
                audience.is_queued = True
                queue.append(audience)

    @property
    def audience_count(self) -> int:
        """How many different interests there are."""
        return len(self._audiences)

    @property
    def oldest_since(self) -> float | None:
        """Since when the first audience in the queue waits; None when nobody does."""
        return self._queue[0].since if self._queue else None

    def flush(self, written_before: float = float("inf"), most_writes: float = float("inf")) -> Update | None:
        """Write the audiences that wait since before `written_before`, one after another, until `most_writes` are made.

        Returns the update that waited longest, None when nothing was written.
        """
        queue, oldest, left = self._queue, None, most_writes
        while queue and left > 0:
            audience = queue[0]
            if audience.since > written_before:
                break
            queue.popleft()
            audience.is_queued = False
            if audience.pending:
                oldest = oldest or audience.pending[0][1]
                left -= self._write(audience)
        return oldest

    def pause(self) -> None:
        """An operator stops the stream: what changes is kept as the newest per symbol, nothing leaves."""
        self.flush()
        self.paused = True

    def resume(self, now: float = 0.0) -> None:
        """Go on, beginning with the newest of every symbol that changed during the pause."""
        if self.paused:
            self.paused = False
            withheld, self._withheld = self._withheld, {}
            self.publish(withheld.values(), now)

    def catch_up(self, outbox: Outbox) -> None:
        """A slow client reads again: give it the newest of each symbol that changed while it did not."""
        if outbox.audience is None or outbox.dirty is None:
            return
        self._write(outbox.audience)
        newest = [self.latest[symbol] for symbol in outbox.take_dirty() if symbol in outbox.symbols]
        if not newest:
            return
        try:
            outbox.write(b"".join(update.frame_for(outbox.symbols[update.symbol]) for update in newest))
        except Exception:
            self._fail(outbox)
        else:
            self._count_writes(1, len(newest))

    def _write(self, audience: Audience) -> int:
        """All that is pending, to every member: the hot loop, once per client and round. Returns the number of writes."""
        items = audience.pending
        if not items:
            return 0
        audience.pending = []
        if len(items) > MAX_PENDING:
            items = self._newest_of(items, len(audience.members))
        payload = items[0][0] if len(items) == 1 else b"".join([item[0] for item in items])
        sent = 0
        failed: list[Outbox] = []
        for outbox in audience.members:
            if outbox.dirty is not None:
                self._conflate(outbox.dirty, items)
                continue
            write = outbox.write
            try:
                write(payload)
            except Exception:  # one dying socket must never keep the others from their prices
                failed.append(outbox)
            else:
                sent += 1
        self._count_writes(sent, len(items))
        for outbox in failed:
            self._fail(outbox)
        return sent

    def _newest_of(self, items: list[Item], members: int) -> list[Item]:
        newest = {item[1].symbol: item for item in items}
        self.counts.conflated += (len(items) - len(newest)) * members
        return list(newest.values())

    def _count_writes(self, writes: int, frames: int) -> None:
        self.counts.writes += writes
        self.counts.delivered += writes * frames
        self.counts.coalesced += writes * (frames - 1)

    def _conflate(self, dirty: dict[str, None], items: list[Item]) -> None:
        """Keep only the names of what changed."""
        for _, update in items:
            if update.symbol in dirty:
                self.counts.conflated += 1
            else:
                dirty[update.symbol] = None

    def _fail(self, outbox: Outbox) -> None:
        self.counts.failed_writes += 1
        self.remove(outbox)
        self.on_failed(outbox)
