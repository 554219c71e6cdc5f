"""What one client holds, and its requests to change that: subscribe, unsubscribe, resync."""

from dataclasses import dataclass

from services.contract.messages import Mode, Refusal, Resync, Subscribe, Subscribed, Unsubscribe, Unsubscribed
from services.contract.symbols import parse_symbol
from services.ws import wire
from services.ws.connection import ClientConnection
from services.ws.history import History
from services.ws.hub import Hub
from services.ws.ledger import Ledger
from services.ws.lookup import Lookup
from services.ws.outbox import Outbox
from services.ws.refused import Refused
from services.ws.stream_state import StreamState
from services.ws.tokens import Tokens
from services.ws.update import Update


@dataclass(frozen=True)
class Services:
    """What all conversations of a node use; one of each."""

    hub: Hub
    lookup: Lookup
    ledger: Ledger
    history: History
    tokens: Tokens
    state: StreamState


class Holdings:
    """At most `max_symbols`. Each request is answered on `connection`.

    Raises (each request):
        Refused: nothing in it can be obeyed.
    """

    def __init__(self, connection: ClientConnection, outbox: Outbox, max_symbols: int, services: Services) -> None:
        self._connection = connection
        self._outbox = outbox
        self._max_symbols = max_symbols
        self._services = services

    @property
    def symbols(self) -> list[str]:
        """What is held now."""
        return list(self._outbox.symbols)

    async def subscribe(self, request: Subscribe) -> None:
        """Hold more; the acknowledgement and the newest quotes go out in the step in which the stream begins."""
        taken, rejected = await self._judge(request.symbols)
        new = [symbol for symbol in taken if symbol not in self._outbox.symbols]
        self._hold(taken, request.mode)
        newest = self._newest(taken)
        self._acknowledge(taken, rejected, wire.snapshot(newest) if newest else None)
        self._services.ledger.note(new)

    def unsubscribe(self, request: Unsubscribe) -> None:
        """Hold less."""
        symbols, rejected = _split(request.symbols)
        dropped = [symbol for symbol in symbols if symbol in self._outbox.symbols]
        if self._connection.outbox is not None:
            kept = {symbol: mode for symbol, mode in self._outbox.symbols.items() if symbol not in dropped}
            self._services.hub.set_interest(self._outbox, kept)
        answer = Unsubscribed(symbols=dropped, rejected=rejected, current=len(self._outbox.symbols), limit=self._max_symbols)
        self._connection.put(wire.encode(answer))
        self._services.ledger.note(dropped)

    async def resync(self, request: Resync) -> None:
        """Hold these, and make good what was missed since the client's position in each."""
        taken, rejected = await self._judge(list(request.symbols))
        new = [symbol for symbol in taken if symbol not in self._outbox.symbols]
        self._hold(taken, request.mode)
        missed: list[Update] = []
        recovered = True
        for newest in self._newest(taken):
            position = request.symbols[newest.symbol]
            replay = self._services.history.since(newest, position.epoch, position.seq)
            recovered = recovered and replay is not None
            missed += [newest] if replay is None else replay
        self._services.state.count_resync(recovered)
        self._acknowledge(taken, rejected, wire.snapshot(missed, recovered))
        self._services.ledger.note(new)

    async def _judge(self, asked: list[object]) -> tuple[list[str], list[Refusal]]:
        """Which symbols are taken, and why the others are not."""
        symbols, rejected = _split(asked)
        room = self._max_symbols - len(self._outbox.symbols)
        wanted: list[str] = []
        for symbol in symbols:
            if symbol in self._outbox.symbols:
                wanted.append(symbol)
            elif room > 0:
                room -= 1
                wanted.append(symbol)
            else:
                text = f"{self._max_symbols} symbols per client"
                rejected.append(Refusal(symbol=symbol, code="limit", text=text))
        unknown = await self._services.lookup.unknown(wanted)
        rejected += [Refusal(symbol=s, code="unknown_symbol", text="no such instrument") for s in wanted if s in unknown]
        return [symbol for symbol in wanted if symbol not in unknown], rejected

    def _hold(self, symbols: list[str], mode: Mode) -> None:
        """From here on the hub sends these; the snapshot that follows in this same step is what they build on."""
        if self._connection.outbox is not None:
            self._services.hub.set_interest(self._outbox, {**self._outbox.symbols, **dict.fromkeys(symbols, mode)})
            self._outbox.told(symbols)

    def _newest(self, symbols: list[str]) -> list[Update]:
        latest = self._services.hub.latest
        return [latest[symbol] for symbol in symbols if symbol in latest]

    def _acknowledge(self, taken: list[str], rejected: list[Refusal], snapshot: bytes | None) -> None:
        current, limit = len(self._outbox.symbols), self._max_symbols
        answer = wire.encode(Subscribed(symbols=taken, rejected=rejected, current=current, limit=limit))
        self._connection.put(answer, *([snapshot] if snapshot else []))


def _split(asked: list[object]) -> tuple[list[str], list[Refusal]]:
    """Well-formed symbols, each once, in order; and refusals of the others.

    Raises:
        Refused: nothing was asked for.
    """
    if not asked:
        raise Refused("no_symbols", "symbols: expected at least one, got an empty list")
    symbols: dict[str, None] = {}
    rejected: list[Refusal] = []
    for item in asked:
        try:
            symbols[parse_symbol(item)] = None  # type: ignore[arg-type]
        except ValueError as error:
            rejected.append(Refusal.model_construct(symbol=str(item)[:40], code="invalid_symbol", text=str(error)))
    return list(symbols), rejected
