"""One supervised connection pool to Redis: known to be up or down, never waited for longer than a quarter of a second.

redis-py's own retries would hold a request for 3 to 58 s when Redis is away, so there are none; a failed command marks the link
down, callers then skip Redis at once, and one task tries again every 5 s.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from services.api.clock import monotonic_seconds
from services.api.logs import logger
from services.api.settings import Settings

COMMAND_TIMEOUT_SECONDS = 0.25
RECONNECT_SECONDS = 5.0
PING_SECONDS = 1.0
SAME_EPISODE_SECONDS = 10.0
NEVER = "not connected yet"
WRITE_PROBE = "ingest:write-probe"

log = logger(__name__)
T = TypeVar("T")


class RedisAway(Exception):  # noqa: N818 - a state, named as one
    """Redis cannot be used now; go on without it."""


class PasswordFile(CredentialProvider):
    """Reads the password at each new connection: a rotated file is picked up without a restart."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        return (self._settings.redis_password() or "",)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        return self.get_credentials()


class RedisLink:
    """The client plus whether it is worth asking."""

    def __init__(self, settings: Settings) -> None:
        host, port, tls = settings.redis_address
        options: dict[str, Any] = {
            "host": host,
            "port": port,
            "socket_timeout": COMMAND_TIMEOUT_SECONDS,
            "socket_connect_timeout": COMMAND_TIMEOUT_SECONDS,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
            "client_name": settings.node_id,
        }
        if settings.redis_password() is not None:
            options["credential_provider"] = PasswordFile(settings)
        if tls:
            options |= {"connection_class": redis.SSLConnection, "ssl_ca_certs": str(settings.redis_ca_file or "") or None}
        self._options = options
        pool = redis.BlockingConnectionPool(max_connections=settings.redis_pool_size, timeout=COMMAND_TIMEOUT_SECONDS, **options)
        self.client = redis.Redis(connection_pool=pool)
        self.is_up = False
        self.last_error: str | None = NEVER
        self._went_up = asyncio.Event()
        self._is_full = False
        self._found_at = -SAME_EPISODE_SECONDS

    def subscriber(self) -> "redis.client.PubSub":
        """A pub/sub of its own connection, whose supervisor notices and repairs its loss (see quote_feed)."""
        pool = redis.ConnectionPool(max_connections=1, **self._options)
        return redis.Redis(connection_pool=pool).pubsub()

    async def call(self, command: Callable[[redis.Redis], Awaitable[T]]) -> T:
        """Run one command.

        Raises:
            RedisAway: the link is down or this command showed that it is, or Redis is full and takes no writes.
            ResponseError: Redis answered with an error of the command itself (a script's refusal).
        """
        if not self.is_up:
            raise RedisAway(self.last_error)
        try:
            return await command(self.client)
        except OutOfMemoryError as error:
            if not self._is_full:
                log.warning("redis is full, serving on without writing to it", error=str(error)[:200])
            self._is_full = True
            raise RedisAway(str(error)) from None
        except ResponseError as error:
            if _means_away(error):
                self._lost(error)
                raise RedisAway(str(error)) from None
            raise
        except (TimeoutError, RedisError, OSError) as error:
            self._lost(error)
            raise RedisAway(str(error)) from None

    async def wait_until_up(self) -> None:
        await self._went_up.wait()

    async def wait_until_writable(self) -> None:
        """Until it is there and takes a write; asked every 5 s."""
        while True:
            await self.wait_until_up()
            try:
                await self.call(lambda client: client.set(WRITE_PROBE, 1, px=1_000))
            except (RedisAway, ResponseError):
                await asyncio.sleep(RECONNECT_SECONDS)
                continue
            if self._is_full:
                log.info("redis takes writes again")
            self._is_full = False
            return

    async def supervise(self) -> None:
        """Ping each second; while down try again every 5 s; one warning and one note of recovery per episode."""
        while True:
            try:
                async with asyncio.timeout(2 * COMMAND_TIMEOUT_SECONDS):
                    await self.client.ping()
                self._found()
            except (RedisError, OSError, TimeoutError, ValueError) as error:
                self._lost(error)
            await asyncio.sleep(PING_SECONDS if self.is_up else RECONNECT_SECONDS)

    async def close(self) -> None:
        await self.client.aclose(close_connection_pool=True)

    def _found(self) -> None:
        if not self.is_up:
            log.info("redis is there")
            if self.last_error != NEVER:
                self._found_at = monotonic_seconds()
        self.is_up, self.last_error = True, None
        self._went_up.set()

    def _lost(self, error: BaseException) -> None:
        text = f"{type(error).__name__}: {error}"
        if self.is_up or self.last_error == NEVER:
            # A server that is just starting answers one ping and not the next: that is still the same episode.
            is_new = monotonic_seconds() - self._found_at > SAME_EPISODE_SECONDS
            (log.warning if is_new else log.info)(
                "redis is away, serving on without it", error=text, retry_seconds=RECONNECT_SECONDS
            )
        self.is_up, self.last_error = False, text
        self._went_up.clear()


def _means_away(error: ResponseError) -> bool:
    """A read-only replica, a loading server or a refused password is an outage, not an answer."""
    return str(error).startswith(("READONLY", "LOADING", "NOAUTH", "WRONGPASS", "MASTERDOWN", "NOPERM"))
