"""The connection on which published messages come: read where they arrive, all of one arrival at a time.

A task that awaits them one by one costs more than the fan-out of one update to fifty clients.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import hiredis

Messages = list[tuple[bytes, bytes]]
"""(channel, data), in the order of their arrival."""


class Subscription(asyncio.Protocol):
    """Made by `subscribe`; `ended` fails with a ConnectionError when the connection is lost."""

    def __init__(self, commands: list[tuple[str, ...]], answers: int, on_messages: Callable[[Messages], None]) -> None:
        self._commands = commands
        self._missing = answers
        self._on_messages = on_messages
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        packed = (hiredis.pack_command(command) for command in self._commands)  # type: ignore[arg-type]  # theirs says: one word
        self._transport.write(b"".join(packed))

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        messages: Messages = []
        while (reply := self._reader.gets()) is not False:
            if isinstance(reply, list) and reply[0] == b"message":
                messages.append((reply[1], reply[2]))
            else:
                self._answered(reply)
        if messages:
            self._on_messages(messages)

    def _answered(self, reply: Any) -> None:
        self._missing -= 1
        if isinstance(reply, hiredis.ReplyError):
            self._fail(ConnectionError(str(reply)))
        elif self._missing == 0 and not self.ready.done():
            self.ready.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(ConnectionError(f"connection lost: {exc or 'closed by Redis'}"))

    def _fail(self, error: ConnectionError) -> None:
        for future in (self.ready, self.ended):
            if not future.done():
                future.set_exception(error)
                future.exception()  # somebody may wait for the other one only

    def close(self) -> None:
        """Without waiting; idempotent."""
        if self._transport is not None:
            self._transport.abort()


async def subscribe(
    channels: tuple[str, ...], on_messages: Callable[[Messages], None], password: str | None, name: str, **where: Any
) -> Subscription:
    """Connect (`where` as for `loop.create_connection`), log in, subscribe; what comes goes to `on_messages`.

    Raises:
        OSError: not reached, or refused; says what Redis said.
    """
    log_in: list[tuple[str, ...]] = [("AUTH", password)] if password else []
    commands = [*log_in, ("CLIENT", "SETNAME", name), ("SUBSCRIBE", *channels)]
    answers = len(commands) - 1 + len(channels)
    made: list[Subscription] = []

    def make() -> Subscription:
        made.append(Subscription(commands, answers, on_messages))
        return made[0]

    try:
        await asyncio.get_running_loop().create_connection(make, **where)
        await made[0].ready
    except BaseException:
        for subscription in made:
            subscription.close()
        raise
    return made[0]
