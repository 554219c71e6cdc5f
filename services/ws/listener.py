"""The library's server as this node uses it: our connections, its limits set, what it does worse than we do switched off."""

import socket
from collections.abc import Awaitable, Callable
from functools import partial

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from services.ws.connection import ClientConnection, ConnectionRules
from services.ws.hub import Hub
from services.ws.settings import WsSettings

BACKLOG = 4_096
USER_TIMEOUT_MS = 8_000
"""The kernel drops a connection whose data was not acknowledged (or whose window stayed shut) for this long."""

Serving = Callable[[ServerConnection], Awaitable[None]]
Admitting = Callable[[ServerConnection, Request], Awaitable[Response | None]]


def connection_rules(settings: WsSettings, hub: Hub) -> ConnectionRules:
    """What every connection of the node keeps to."""
    return ConnectionRules(
        hub=hub,
        frames_per_second=settings.frames_per_second,
        frame_burst=settings.frame_burst,
        write_cap_bytes=settings.write_cap_bytes,
        max_message_bytes=settings.max_message_bytes,
    )


def listen(handler: Serving, admission: Admitting | None, rules: ConnectionRules, settings: WsSettings) -> Server:
    """Await it to begin: `handler` for each connection that `admission` lets in."""
    return serve(
        handler,
        sock=_listening_socket(settings),
        process_request=admission,
        create_connection=partial(ClientConnection, rules),  # type: ignore[arg-type]  # any factory will do
        compression=None,
        server_header=None,
        ping_interval=None,
        close_timeout=2,
        open_timeout=settings.handshake_seconds,
        max_size=settings.max_message_bytes,
        write_limit=0,  # pause as soon as anything waits in the transport: the hub, which sends past it, must not overtake that
        backlog=BACKLOG,
    )


def _listening_socket(settings: WsSettings) -> socket.socket:
    """Options here are inherited by every accepted socket."""
    listener = socket.create_server((settings.bind_address, settings.port), backlog=BACKLOG)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
    return listener
