"""How this node reaches Redis: one connection for commands that never waits long, and one for the subscription.

redis-py's defaults retry for 3 s (Redis killed) to 58 s (Redis paused), so there are no retries here and short timeouts.
"""

import ssl
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import redis.asyncio as redis
from redis.asyncio.connection import Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import RedisError

from services.ws.settings import SettingsError, WsSettings
from services.ws.subscription import Messages, Subscription, subscribe

COMMAND_SECONDS = 0.25
CONNECT_SECONDS = 0.5

T = TypeVar("T")


class RedisAway(Exception):  # noqa: N818
    """Redis did not answer in time or refused; the text says what it said."""


class _PasswordFile(CredentialProvider):
    """Read at each new connection, so that a rotated password needs no restart."""

    def __init__(self, settings: WsSettings) -> None:
        self._settings = settings

    def get_credentials(self) -> tuple[str]:
        try:
            return (self._settings.secret("redis_password") or "",)
        except SettingsError as error:
            raise redis.AuthenticationError(str(error)) from error

    async def get_credentials_async(self) -> tuple[str]:
        """What the asyncio client calls."""
        return self.get_credentials()


class RedisLink:
    """`call` for commands; `subscribe` for a connection of its own."""

    def __init__(self, settings: WsSettings) -> None:
        self._settings = settings
        options: dict[str, Any] = {
            "host": settings.redis_host,
            "port": settings.redis_port,
            "socket_connect_timeout": CONNECT_SECONDS,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
            "client_name": settings.node_id,
        }
        kind = Connection
        if settings.secret("redis_password") is not None:
            options["credential_provider"] = _PasswordFile(settings)
        if settings.redis_tls:
            kind = SSLConnection
            options |= {
                "ssl_ca_certs": str(settings.redis_ca_file) if settings.redis_ca_file else None,
                "ssl_min_version": ssl.TLSVersion.TLSv1_2,
            }
        pool = redis.BlockingConnectionPool(
            max_connections=4, timeout=COMMAND_SECONDS, connection_class=kind, socket_timeout=COMMAND_SECONDS, **options
        )
        self.client = redis.Redis(connection_pool=pool)

    async def subscribe(self, channels: tuple[str, ...], on_messages: Callable[[Messages], None]) -> Subscription:
        """A connection on which what is published comes without end.

        Raises:
            OSError: not reached, or refused.
        """
        settings = self._settings
        try:
            password = settings.secret("redis_password")
        except SettingsError as error:
            raise ConnectionError(str(error)) from error
        return await subscribe(
            channels, on_messages, password, settings.node_id, host=settings.redis_host, port=settings.redis_port, ssl=self._tls()
        )

    def _tls(self) -> ssl.SSLContext | None:
        if not self._settings.redis_tls:
            return None
        context = ssl.create_default_context(cafile=self._settings.redis_ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    async def call(self, command: Callable[[redis.Redis], Awaitable[T]]) -> T:
        """Run one command.

        Raises:
            RedisAway: it failed, for whatever reason; nothing here is worth more than going on without Redis.
        """
        try:
            return await command(self.client)
        except (RedisError, OSError, TimeoutError) as error:
            raise RedisAway(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """Close the connections."""
        await self.client.aclose(close_connection_pool=True)
