"""One client's conversation: greet, take its requests one after another, say goodbye. Prices do not pass here.

docs/protocol.md holds the table of inputs, replies and close codes; tests/test_protocol_table.py walks it.
"""

import asyncio
import json
import secrets
from dataclasses import dataclass

from pydantic import ValidationError
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from services.contract.closing import Close
from services.contract.messages import (
    Auth,
    Authenticated,
    Connected,
    Mode,
    Ping,
    Pong,
    Refusal,
    Resync,
    StatusMessage,
    Subscribe,
    Subscribed,
    Unsubscribe,
    Unsubscribed,
    client_message,
)
from services.contract.symbols import parse_symbol
from services.ws import wire
from services.ws.connection import ClientConnection
from services.ws.history import History
from services.ws.hub import Hub
from services.ws.ledger import Ledger
from services.ws.log import Sampled
from services.ws.lookup import Lookup
from services.ws.outbox import Outbox
from services.ws.stream_state import StreamState
from services.ws.tokens import TokenRefused, Tokens
from services.ws.update import Update

ORDINARY_ENDS = {"1000", "1001", "1005", "restart"}


def new_client_id(node: str) -> str:
    """Random and unguessable, with the end of the node's name so that a log line leads to it."""
    return f"{secrets.token_urlsafe(16)}-{node[-6:]}"


@dataclass(frozen=True)
class HandlerRules:
    """What one client may do."""

    node: str
    release: str
    max_symbols: int
    bad_messages: int
    first_message_seconds: float
    require_token: bool


@dataclass(frozen=True)
class Services:
    """What conversations use; one of each per node."""

    hub: Hub
    lookup: Lookup
    ledger: Ledger
    history: History
    tokens: Tokens
    state: StreamState


class Refused(Exception):  # noqa: N818
    """A request that is answered with an error; the connection stays."""

    def __init__(self, code: str, text: str, limit: int | None = None, current: int | None = None) -> None:
        super().__init__(text)
        self.line = wire.error(code, text, limit, current)


class Handler:
    """The library calls the instance with each admitted connection."""

    def __init__(self, rules: HandlerRules, services: Services) -> None:
        self._rules = rules
        self._services = services
        self._sampled = Sampled()

    async def __call__(self, connection: ServerConnection) -> None:
        assert isinstance(connection, ClientConnection)
        outbox = connection.admit(new_client_id(self._rules.node))
        conversation = Conversation(connection, outbox, self._rules, self._services)
        try:
            conversation.greet()
            async for message in connection:
                await conversation.take(message)
        except ConnectionClosed:
            pass
        finally:
            conversation.end()
            self._note_end(connection)

    def _note_end(self, connection: ClientConnection) -> None:
        if connection.cause not in ORDINARY_ENDS:
            reason = connection.close_reason or ""
            self._sampled.info("client closed", client=connection.client_id, cause=connection.cause, reason=reason)


class Conversation:
    """State of one client beside its outbox: whether it has spoken, its token, its bad messages."""

    def __init__(self, connection: ClientConnection, outbox: Outbox, rules: HandlerRules, services: Services) -> None:
        self._connection = connection
        self._outbox = outbox
        self._rules = rules
        self._services = services
        self._bad = 0
        self._bearer_until: asyncio.TimerHandle | None = None
        self._silence: asyncio.TimerHandle | None = connection.loop.call_later(
            rules.first_message_seconds, connection.terminate, Close.SILENT, "no message"
        )

    def greet(self) -> None:
        """`connected`, and what is wrong with the stream, if anything is."""
        rules = self._rules
        hello = Connected(client_id=self._connection.client_id, timestamp=wire.now(), node=rules.node, release=rules.release)
        status = self._services.state.status
        self._connection.put(wire.encode(hello), *([wire.encode(status)] if isinstance(status, StatusMessage) else []))

    async def take(self, message: str | bytes) -> None:
        """One message of the client, to its one reply."""
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
        if isinstance(message, bytes):
            return self._close("binary", "expected text, got a binary message", Close.BAD_MESSAGE)
        try:
            parsed = json.loads(message)
        except (ValueError, RecursionError):
            return self._close("malformed", "not JSON", Close.BAD_MESSAGE)
        try:
            await self._obey(parsed)
        except Refused as refused:
            self._connection.put(refused.line)
            self._bad += 1
            if self._bad >= self._rules.bad_messages:
                limit = self._rules.bad_messages
                self._close("too_many_errors", "too many refused requests", Close.BAD_MESSAGE, limit)

    def end(self) -> None:
        """The connection is over: nothing of it is left."""
        held = list(self._outbox.symbols)
        self._connection.detach()
        self._services.ledger.note(held)
        for timer in (self._silence, self._bearer_until):
            if timer is not None:
                timer.cancel()

    def _close(self, code: str, text: str, close: Close, limit: int | None = None) -> None:
        self._connection.put(wire.error(code, text, limit))
        self._connection.terminate(close, text)

    async def _obey(self, parsed: object) -> None:
        try:
            request = client_message.validate_python(parsed)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"][1:]) or "action"
            raise Refused("bad_request", f"{place}: {first['msg']}") from None
        if isinstance(request, Ping):
            return self._connection.put(wire.encode(Pong(id=request.id, timestamp=wire.now())))
        if isinstance(request, Auth):
            return await self._authenticate(request.token)
        if self._rules.require_token and self._bearer_until is None:
            return self._close("token_required", "the first message must be auth", Close.TOKEN)
        if isinstance(request, Subscribe):
            await self._subscribe(request.symbols, request.mode)
        elif isinstance(request, Unsubscribe):
            self._unsubscribe(request.symbols)
        else:
            await self._resync(request)

    # ---- requests

    async def _subscribe(self, asked: list[object], mode: Mode) -> None:
        taken, rejected = await self._judge(asked)
        new = [symbol for symbol in taken if symbol not in self._outbox.symbols]
        self._hold(taken, mode)
        newest = self._newest(taken)
        self._acknowledge(taken, rejected, wire.snapshot(newest) if newest else None)
        self._services.ledger.note(new)

    def _unsubscribe(self, asked: list[object]) -> None:
        symbols, rejected = _split(asked)
        dropped = [symbol for symbol in symbols if symbol in self._outbox.symbols]
        if self._connection.outbox is not None:
            kept = {symbol: mode for symbol, mode in self._outbox.symbols.items() if symbol not in dropped}
            self._services.hub.set_interest(self._outbox, kept)
        answer = Unsubscribed(
            symbols=dropped, rejected=rejected, current=len(self._outbox.symbols), limit=self._rules.max_symbols
        )
        self._connection.put(wire.encode(answer))
        self._services.ledger.note(dropped)

    async def _resync(self, request: Resync) -> None:
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
        room = self._rules.max_symbols - len(self._outbox.symbols)
        wanted: list[str] = []
        for symbol in symbols:
            if symbol in self._outbox.symbols:
                wanted.append(symbol)
            elif room > 0:
                room -= 1
                wanted.append(symbol)
            else:
                text = f"{self._rules.max_symbols} symbols per client"
                rejected.append(Refusal(symbol=symbol, code="limit", text=text))
        unknown = await self._services.lookup.unknown(wanted)
        rejected += [Refusal(symbol=s, code="unknown_symbol", text="no such instrument") for s in wanted if s in unknown]
        return [symbol for symbol in wanted if symbol not in unknown], rejected

    def _hold(self, symbols: list[str], mode: Mode) -> None:
        """From here on the hub sends these; the snapshot that follows in this same step is what they build on."""
        if self._connection.outbox is not None:
            self._services.hub.set_interest(self._outbox, {**self._outbox.symbols, **dict.fromkeys(symbols, mode)})

    def _newest(self, symbols: list[str]) -> list[Update]:
        latest = self._services.hub.latest
        return [latest[symbol] for symbol in symbols if symbol in latest]

    def _acknowledge(self, taken: list[str], rejected: list[Refusal], snapshot: bytes | None) -> None:
        current, limit = len(self._outbox.symbols), self._rules.max_symbols
        answer = wire.encode(Subscribed(symbols=taken, rejected=rejected, current=current, limit=limit))
        self._connection.put(answer, *([snapshot] if snapshot else []))

    async def _authenticate(self, token: str) -> None:
        try:
            bearer = await self._services.tokens.check(token)
        except TokenRefused as error:
            return self._close("token_refused", str(error), Close.TOKEN)
        if self._bearer_until is not None:
            self._bearer_until.cancel()
        left = max(0.0, bearer.expires - wire.now().timestamp())
        self._bearer_until = self._connection.loop.call_later(left, self._close, "token_expired", "token expired", Close.TOKEN)
        self._connection.put(wire.encode(Authenticated(subject=bearer.subject, expires=wire.moment(bearer.expires))))


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
