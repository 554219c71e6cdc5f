"""The fan-out. No sockets, no Redis, no clock of its own: plain calls, so it can be tested alone.

A single update is sent at once to everybody who wants it, as long as there is little to do. Else audiences (clients with the same
interest: what they get is joined once for all of them) with something pending stand in one queue; each is written when its
turn comes, with all that has gathered until then. So the system call per client, which is what fan-out costs, is shared by the
updates of one round, and nobody waits longer than a round.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from services.contract.messages import Mode
from services.ws.interests import Interests, Topic
from services.ws.outbox import Audience, Item, Outbox
from services.ws.update import Update

MAX_PENDING = 200
"""More updates than this for one audience are conflated: memory stays bounded whatever is replayed after an outage."""
MOST_AT_ONCE = 200
"""Clients that one update is sent to without letting others have their turn."""


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
    """`send(address, data)` returns how many bytes were taken, or raises OSError, and never waits.

    `on_pending` is called when something is queued; the pacer then calls `flush`. `on_written` is told the update that
    waited longest of each round of writes.
    """

    latest: dict[str, Update]
    send: Callable[[int, bytes], int] = os.write
    on_pending: Callable[[], None] = lambda: None
    on_written: Callable[[Update], None] = lambda update: None
    on_failed: Callable[[Outbox], None] = lambda outbox: None
    counts: HubCounts = field(default_factory=HubCounts)
    interests: Interests = field(default_factory=Interests)
    writes_at_once: bool = False
    """Whether a single update need not wait for company; the pacer knows."""
    paused: bool = False

    def __post_init__(self) -> None:
        self._withheld: dict[str, Update] = {}
        self._queue: deque[Audience] = deque()

    # ---- interest

    @property
    def holders(self) -> dict[str, int]:
        """Symbol -> number of clients that hold it; never 0."""
        return self.interests.holders

    def set_interest(self, outbox: Outbox, symbols: dict[str, Mode]) -> None:
        """Make `symbols` what this client gets from now on; it must be sent `latest` of the new ones in this same step.

        What is pending for an audience leaves before its members change: so nobody misses or gets twice what lies between.
        """
        if outbox.audience is not None:
            self._write(outbox.audience)
        company = self.interests.audiences.get(frozenset(symbols.items()))
        if company is not None:
            self._write(company)
        self.interests.set(outbox, symbols)

    def remove(self, outbox: Outbox) -> None:
        """The client is gone; idempotent."""
        self.interests.set(outbox, {})

    # ---- fan-out

    def publish(self, updates: list[Update], now: float = 0.0) -> None:
        """Send updates, in order, to everybody who wants them, or queue them; `now` in loop seconds."""
        if self.paused:
            self._withheld.update((update.symbol, update) for update in updates)
        elif not (self.writes_at_once and len(updates) == 1 and not self._queue and self._sent_at_once(updates[0])):
            self._enqueue(updates, now)

    def _sent_at_once(self, update: Update) -> bool:
        topics = [(mode, topic) for mode in Mode if (topic := self.interests.topics.get((update.symbol, mode)))]
        if sum(len(topic.members) for _, topic in topics) > MOST_AT_ONCE:
            return False
        for mode, topic in topics:
            frame = update.frame_for(mode)
            self.counts.queued += len(topic.audiences)
            self._send(topic.members, frame, [(frame, update)])
            self.on_written(update)
        return True

    def _enqueue(self, updates: Iterable[Update], now: float) -> None:
        for update in updates:
            for mode in Mode:
                topic = self.interests.topics.get((update.symbol, mode))
                if topic is not None:
                    self._queue_item((update.frame_for(mode), update), topic, now)
        if self._queue:
            self.on_pending()

    def _queue_item(self, item: Item, topic: Topic, now: float) -> None:
        queue = self._queue
        self.counts.queued += len(topic.audiences)
        for audience in topic.audiences:
            pending = audience.pending
            if not pending:
                audience.since = now
            pending.append(item)
            if not audience.is_queued:
                audience.is_queued = True
                queue.append(audience)

    @property
    def oldest_since(self) -> float | None:
        """Since when the first audience in the queue waits; None when nobody does."""
        return self._queue[0].since if self._queue else None

    def flush(self, written_before: float = float("inf"), most_writes: float = float("inf")) -> None:
        """Write the audiences that wait since before `written_before`, one after another, until `most_writes` are made."""
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
        if oldest is not None:
            self.on_written(oldest)

    def pause(self) -> None:
        """An operator stops the stream: what changes is kept as the newest per symbol, nothing leaves."""
        self.flush()
        self.paused = True

    def resume(self, now: float = 0.0) -> None:
        """Go on, beginning with the newest of every symbol that changed during the pause."""
        if self.paused:
            self.paused = False
            withheld, self._withheld = self._withheld, {}
            self.publish(list(withheld.values()), now)

    def catch_up(self, outbox: Outbox) -> None:
        """A slow client reads again: give it the newest of each symbol that changed while it did not."""
        if outbox.audience is None or outbox.dirty is None:
            return
        self._write(outbox.audience)
        newest = [self.latest[symbol] for symbol in outbox.take_dirty() if symbol in outbox.symbols]
        if newest:
            items = [(update.frame_for(outbox.symbols[update.symbol]), update) for update in newest]
            self._send([outbox], _joined(items), items)

    def _write(self, audience: Audience) -> int:
        """All that is pending, to every member. Returns the number of writes."""
        items = audience.pending
        if not items:
            return 0
        audience.pending = []
        if len(items) > MAX_PENDING:
            items = self._newest_of(items, len(audience.members))
        return self._send(audience.members, _joined(items), items)

    def _send(self, outboxes: list[Outbox], payload: bytes, items: list[Item]) -> int:
        """The hot loop, once per client and round. Returns the number of writes."""
        send, size, sent = self.send, len(payload), 0
        failed: list[Outbox] = []
        for outbox in outboxes:
            if outbox.dirty is not None:
                self._conflate(outbox.dirty, items)
                continue
            try:
                taken = send(outbox.address, payload)
            except OSError:  # full or broken: who takes the rest finds out which
                taken = 0
            sent += 1
            if taken != size:
                try:
                    outbox.spill(payload[taken:])
                except Exception:  # one dying socket must never keep the others from their prices
                    failed.append(outbox)
        sent -= len(failed)
        self.counts.writes += sent
        self.counts.delivered += sent * len(items)
        self.counts.coalesced += sent * (len(items) - 1)
        for outbox in failed:
            self._fail(outbox)
        return sent

    def _newest_of(self, items: list[Item], members: int) -> list[Item]:
        newest = {item[1].symbol: item for item in items}
        self.counts.conflated += (len(items) - len(newest)) * members
        return list(newest.values())

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


def _joined(items: list[Item]) -> bytes:
    return items[0][0] if len(items) == 1 else b"".join([item[0] for item in items])
