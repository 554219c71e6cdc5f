"""Who wants which symbol, and the fan-out. No sockets, no Redis, no clock of its own: plain calls, so it can be tested alone.

Clients that hold exactly the same symbols form an Audience: what they get is joined once for all of them. Updates of one
pass are collected and leave as one write per client (`flush`); the system call per client is what fan-out costs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from services.contract.messages import Mode
from services.ws.outbox import Outbox
from services.ws.update import Update

MAX_WRITE_BYTES = 65_536
"""More than this in one batch for one client is conflated: memory per client stays bounded whatever is replayed."""

Interest = frozenset[tuple[str, Mode]]


class Audience:
    """Clients with the same interest. `parts` are the frames of the pending batch, `newcomers` joined during it."""

    __slots__ = ("interest", "members", "newcomers", "parts")

    def __init__(self, interest: Interest) -> None:
        self.interest = interest
        self.members: set[Outbox] = set()
        self.newcomers: set[Outbox] = set()
        self.parts: list[bytes] = []


@dataclass(slots=True)
class HubCounts:
    """Monotonic counters; deliveries are frames handed to a client's socket."""

    delivered: int = 0
    writes: int = 0
    coalesced: int = 0
    conflated: int = 0
    failed_writes: int = 0


@dataclass
class Hub:
    """`on_pending` is called when the first update of a batch arrives; the pacer then calls `flush`."""

    latest: dict[str, Update]
    on_pending: Callable[[], None] = lambda: None
    on_failed: Callable[[Outbox], None] = lambda outbox: None
    counts: HubCounts = field(default_factory=HubCounts)
    paused: bool = False

    def __post_init__(self) -> None:
        self._audiences: dict[Interest, Audience] = {}
        self._wanting: dict[tuple[str, Mode], set[Audience]] = {}
        self._holders: dict[str, int] = {}
        self._joined: set[Audience] = set()
        """Audiences with newcomers."""
        self._withheld: dict[str, Update] = {}
        self.batch: list[Update] = []

    # ---- interest

    @property
    def holders(self) -> dict[str, int]:
        """Symbol -> number of clients that hold it; never 0."""
        return self._holders

    def set_interest(self, outbox: Outbox, symbols: dict[str, Mode]) -> None:
        """Make `symbols` what this client gets from now on; it must have been sent `latest` of the new ones in this same step."""
        self._leave(outbox)
        self._count(outbox.symbols, -1)
        outbox.symbols = symbols
        self._count(symbols, +1)
        if symbols:
            self._join(outbox, frozenset(symbols.items()))

    def remove(self, outbox: Outbox) -> None:
        """The client is gone; idempotent."""
        if outbox.audience is not None:
            self._drop(outbox, outbox.audience)
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
        audience = self._audiences.get(interest)
        if audience is None:
            audience = self._audiences[interest] = Audience(interest)
            for topic in interest:
                self._wanting.setdefault(topic, set()).add(audience)
        outbox.audience = audience
        self._place(outbox, audience)

    def _place(self, outbox: Outbox, audience: Audience) -> None:
        """The client is current up to the end of the pending batch."""
        outbox.cursor = len(self.batch)
        if self.batch:
            audience.members.discard(outbox)
            audience.newcomers.add(outbox)
            self._joined.add(audience)
        else:
            audience.members.add(outbox)

    def _leave(self, outbox: Outbox) -> None:
        """Give the client what is pending for its old interest, so that changing it loses nothing."""
        audience = outbox.audience
        if audience is None:
            return
        if not self.paused:
            self._hand_over(outbox, self._pending_for(outbox))
        if outbox.audience is not None:
            self._drop(outbox, audience)

    def _drop(self, outbox: Outbox, audience: Audience) -> None:
        audience.members.discard(outbox)
        audience.newcomers.discard(outbox)
        outbox.audience = None
        if audience.members or audience.newcomers:
            return
        del self._audiences[audience.interest]
        self._joined.discard(audience)
        for topic in audience.interest:
            wanting = self._wanting[topic]
            wanting.discard(audience)
            if not wanting:
                del self._wanting[topic]

    def _pending_for(self, outbox: Outbox) -> list[Update]:
        """Updates of the pending batch this client has not got yet."""
        audience = outbox.audience
        start = outbox.cursor if audience is not None and outbox in audience.newcomers else 0
        return [update for update in self.batch[start:] if update.symbol in outbox.symbols]

    # ---- fan-out

    def publish(self, updates: Iterable[Update]) -> None:
        """Add updates, in order, to the pending batch."""
        idle = not self.batch
        for update in updates:
            self.batch.append(update)
        if idle and self.batch:
            self.on_pending()

    def flush(self) -> None:
        """Send the pending batch: one write per client, whatever the number of updates in it."""
        batch, self.batch = self.batch, []
        joined, self._joined = self._joined, set()
        if self.paused:
            self._withheld.update((update.symbol, update) for update in batch)
        else:
            self._write_all(self._sort(batch), batch)
        for audience in joined:
            self._admit(audience, batch)

    def pause(self) -> None:
        """An operator stops the stream: what changes is kept as the newest per symbol, nothing leaves."""
        self.paused = True

    def resume(self) -> None:
        """Go on, beginning with the newest of every symbol that changed during the pause."""
        if self.paused:
            self.paused = False
            withheld, self._withheld = self._withheld, {}
            self.publish(withheld.values())

    def catch_up(self, outbox: Outbox) -> None:
        """A slow client reads again: give it the newest of each symbol that changed while it did not."""
        if outbox.audience is None or outbox.dirty is None:
            return
        self._conflate(outbox, outbox.dirty, self._pending_for(outbox))
        newest = [self.latest[symbol] for symbol in outbox.take_dirty() if symbol in outbox.symbols]
        self._place(outbox, outbox.audience)
        self._hand_over(outbox, newest)

    def _sort(self, batch: list[Update]) -> list[Audience]:
        """Put each frame to the audiences that want it; return these."""
        touched: list[Audience] = []
        for update in batch:
            for mode in Mode:
                wanting = self._wanting.get((update.symbol, mode))
                if not wanting:
                    continue
                frame = update.frame_for(mode)
                for audience in wanting:
                    parts = audience.parts
                    if not parts:
                        touched.append(audience)
                    parts.append(frame)
        return touched

    def _write_all(self, touched: list[Audience], batch: list[Update]) -> None:
        """The hot loop: everything in it runs once per client and batch."""
        failed: list[Outbox] = []
        for audience in touched:
            parts = audience.parts
            frames = len(parts)
            payload = b"".join(parts) if frames > 1 else parts[0]
            audience.parts = []
            if len(payload) > MAX_WRITE_BYTES:
                payload, frames = self._newest_of(audience, batch)
            sent = 0
            for outbox in audience.members:
                if outbox.dirty is not None:
                    self._conflate(outbox, outbox.dirty, batch)
                    continue
                try:
                    outbox.write(payload)
                except Exception:  # one dying socket must never keep the others from their prices
                    failed.append(outbox)
                else:
                    sent += 1
            self._count_writes(sent, frames)
        for outbox in failed:
            self._fail(outbox)

    def _newest_of(self, audience: Audience, batch: list[Update]) -> tuple[bytes, int]:
        """After an outage a batch may hold minutes: what is too much for one write becomes the newest of each symbol."""
        wanted = dict(audience.interest)
        newest = {update.symbol: update for update in batch if update.symbol in wanted}
        total = sum(update.symbol in wanted for update in batch)
        self.counts.conflated += (total - len(newest)) * len(audience.members)
        return b"".join(update.frame_for(wanted[symbol]) for symbol, update in newest.items()), len(newest)

    def _admit(self, audience: Audience, batch: list[Update]) -> None:
        """Clients that joined during the batch get only what came after their snapshot."""
        newcomers, audience.newcomers = audience.newcomers, set()
        audience.members |= newcomers
        if self.paused:
            return
        for outbox in newcomers:
            self._hand_over(outbox, [u for u in batch[outbox.cursor :] if u.symbol in outbox.symbols])

    def _hand_over(self, outbox: Outbox, updates: list[Update]) -> None:
        """Write to one client outside the common flush."""
        if not updates:
            return
        if outbox.dirty is not None:
            self._conflate(outbox, outbox.dirty, updates)
            return
        try:
            outbox.write(b"".join(update.frame_for(outbox.symbols[update.symbol]) for update in updates))
        except Exception:
            self._fail(outbox)
            return
        self._count_writes(1, len(updates))

    def _count_writes(self, writes: int, frames: int) -> None:
        self.counts.writes += writes
        self.counts.delivered += writes * frames
        self.counts.coalesced += writes * (frames - 1)

    def _conflate(self, outbox: Outbox, dirty: dict[str, None], updates: list[Update]) -> None:
        """Keep only the names of what changed."""
        for update in updates:
            if update.symbol not in outbox.symbols:
                continue
            if update.symbol in dirty:
                self.counts.conflated += 1
            else:
                dirty[update.symbol] = None

    def _fail(self, outbox: Outbox) -> None:
        self.counts.failed_writes += 1
        self.remove(outbox)
        self.on_failed(outbox)
