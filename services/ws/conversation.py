"""One client's conversation: its requests one after another, each to its one reply; its token, its silence, its bad messages.

docs/protocol.md holds the table of inputs, replies and close codes; tests/test_protocol_table.py walks it.
"""

import asyncio
import json
from dataclasses import dataclass

from pydantic import ValidationError

from services.contract.closing import Close
from services.contract.messages import (
    Auth,
    Authenticated,
    Connected,
    Ping,
    Pong,
    StatusMessage,
    Subscribe,
    Unsubscribe,
    client_message,
)
from services.ws import wire
from services.ws.connection import ClientConnection
from services.ws.holdings import Holdings, Services
from services.ws.outbox import Outbox
from services.ws.refused import Refused
from services.ws.tokens import TokenRefused


@dataclass(frozen=True)
class ConversationRules:
    """What one client may do."""

    node: str
    release: str
    max_symbols: int
    bad_messages: int
    first_message_seconds: float
    require_token: bool


class Conversation:
    """State of one client beside its outbox: whether it has spoken, its token, its bad messages."""

    def __init__(self, connection: ClientConnection, outbox: Outbox, rules: ConversationRules, services: Services) -> None:
        self._connection = connection
        self._holdings = Holdings(connection, outbox, rules.max_symbols, services)
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
        held = self._holdings.symbols
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
            await self._holdings.subscribe(request)
        elif isinstance(request, Unsubscribe):
            self._holdings.unsubscribe(request)
        else:
            await self._holdings.resync(request)

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
