"""Who wants which symbol: clients by their interest, and the audiences of each symbol. No I/O."""

from collections.abc import Iterable

from services.contract.messages import Mode
from services.ws.outbox import Audience, Interest, Outbox


class Topic:
    """One symbol in one mode."""

    __slots__ = ("_members", "audiences")

    def __init__(self) -> None:
        self.audiences: set[Audience] = set()
        self._members: list[Outbox] | None = None

    @property
    def members(self) -> list[Outbox]:
        """Every client that wants it, in one list: made anew after a change, since it is walked far more often than changed."""
        if self._members is None:
            self._members = [outbox for audience in self.audiences for outbox in audience.members]
        return self._members

    def changed(self) -> None:
        """Somebody joined or left."""
        self._members = None


class Interests:
    """Clients that hold exactly the same symbols form an Audience; a Topic lists the audiences that want it."""

    def __init__(self) -> None:
        self.holders: dict[str, int] = {}
        """Symbol -> number of clients that hold it; never 0."""
        self.audiences: dict[Interest, Audience] = {}
        self.topics: dict[tuple[str, Mode], Topic] = {}

    def set(self, outbox: Outbox, symbols: dict[str, Mode]) -> None:
        """Make `symbols` what this client wants."""
        if outbox.audience is not None:
            self._leave(outbox, outbox.audience)
        self._count(outbox.symbols, -1)
        outbox.symbols = symbols
        self._count(symbols, +1)
        if symbols:
            self._join(outbox, frozenset(symbols.items()))

    def _count(self, symbols: Iterable[str], step: int) -> None:
        for symbol in symbols:
            count = self.holders.get(symbol, 0) + step
            if count:
                self.holders[symbol] = count
            else:
                del self.holders[symbol]

    def _join(self, outbox: Outbox, interest: Interest) -> None:
        audience = self.audiences.get(interest)
        if audience is None:
            audience = self.audiences[interest] = Audience(interest)
            for key in interest:
                self.topics.setdefault(key, Topic()).audiences.add(audience)
        audience.add(outbox)
        self._changed(audience)

    def _leave(self, outbox: Outbox, audience: Audience) -> None:
        audience.discard(outbox)
        self._changed(audience)
        if audience.members:
            return
        audience.pending = []
        del self.audiences[audience.interest]
        for key in audience.interest:
            topic = self.topics[key]
            topic.audiences.discard(audience)
            if not topic.audiences:
                del self.topics[key]

    def _changed(self, audience: Audience) -> None:
        for key in audience.interest:
            self.topics[key].changed()
