"""How a service on the internet is called: one total deadline, a size limit, verified certificates, no redirects, https only.

Plain http is only possible towards this machine and its networks outside production (a stand-in in tests).
"""

import asyncio
import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx

from services.api.logs import logger
from services.api.upstreams import Kind, UpstreamError, Window
from services.api.upstreams.addresses import ForbiddenAddressError, public_only
from services.api.upstreams.values import decode

log = logger(__name__)

T = TypeVar("T")
DEADLINE_SECONDS = 5.0
BODY_MAX_BYTES = 5_000_000
HEAD_BYTES = 4_096
RETRY_AFTER_MAX_SECONDS = 3_600.0
SAYS_NOTHING = frozenset({Kind.MALFORMED, Kind.UNKNOWN_SYMBOL, Kind.NO_DATA})


@dataclass(frozen=True)
class Answer:
    """What came back, before anybody has looked into it."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str]


def check(answer: Answer) -> Answer:
    """Pass an answer that may hold data on, or raise what its transport already says.

    JSON with an error status is passed on too: the words inside decide, and where they say nothing, `read` takes the status.
    """
    head = answer.body[:HEAD_BYTES].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    start = head[:1]
    if 300 <= answer.status < 400:
        raise UpstreamError(Kind.UNAVAILABLE, "a redirect was refused")
    if start in (b"{", b"[") and "html" not in answer.content_type:
        return answer
    said = _said_by_status(answer)
    if said is not None:
        raise said
    if b"too many requests" in head[:200]:
        raise UpstreamError(Kind.RATE_LIMITED, "too many requests, says a text", window=Window.MINUTE)
    if "html" in answer.content_type or start == b"<" or b"access denied" in head[:200]:
        raise UpstreamError(Kind.BLOCKED, f"a page instead of data, status {answer.status}")
    raise UpstreamError(Kind.MALFORMED, f"neither object nor list, status {answer.status}")


def _said_by_status(answer: Answer) -> UpstreamError | None:
    if answer.status == 429:
        wait = retry_after(answer.headers)
        return UpstreamError(Kind.RATE_LIMITED, "status 429", window=Window.MINUTE, retry_after=wait)
    if answer.status >= 500 or answer.status == 408:
        return UpstreamError(Kind.UNAVAILABLE, f"status {answer.status}", retry_after=retry_after(answer.headers))
    if answer.status in (401, 403):
        return UpstreamError(Kind.BLOCKED, f"refused with status {answer.status}")
    return None


def read(answer: Answer, parse: Callable[[Any], T]) -> T:
    """What `parse` makes of an answer. Raises UpstreamError, by the words inside or else by the status: an empty document of a
    service that is down or refuses does not mean that there is no such symbol."""
    try:
        return parse(decode(check(answer).body))
    except UpstreamError as error:
        said = _said_by_status(answer) if error.kind in SAYS_NOTHING else None
        raise said or error from None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header in either of its forms, bounded; None without a usable one."""
    given = headers.get("retry-after", "")
    if given.isascii() and given.isdigit():
        return min(float(given[:9]), RETRY_AFTER_MAX_SECONDS)
    try:
        return min(max(0.0, parsedate_to_datetime(given).timestamp() - time()), RETRY_AFTER_MAX_SECONDS)
    except (ValueError, TypeError, OverflowError):
        return None


class Upstream:
    """One service's HTTP client."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        *,
        is_public: bool = False,
    ) -> None:
        """`is_public`: its name must lead to a public address, whenever it is called."""
        self._base_url = base_url
        self._deadline_seconds = deadline_seconds
        self._public_host = urlsplit(base_url).hostname if is_public else None
        self.client = httpx.AsyncClient(
            headers=dict(headers or {}),
            timeout=httpx.Timeout(deadline_seconds, connect=2.0),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=10, max_keepalive_connections=5),
            trust_env=True,
        )

    async def fetch(self, path: str, params: Mapping[str, str] | None = None, **more: Any) -> Answer:
        """GET (or `method=`), whole answer within the deadline whatever drips. Raises UpstreamError (unavailable)."""
        method = more.pop("method", "GET")
        if self._public_host is not None:
            more["extensions"] = {"trace": public_only(self._public_host)}
        try:
            async with asyncio.timeout(self._deadline_seconds):
                request = self.client.stream(method, self._base_url + path, params=params, **more)
                async with request as response:
                    return await self._read(response)
        except TimeoutError:
            raise UpstreamError(Kind.UNAVAILABLE, f"no answer within {self._deadline_seconds} s") from None
        except httpx.DecodingError:
            raise UpstreamError(Kind.MALFORMED, "not in the encoding it names") from None
        except ForbiddenAddressError as error:
            log.warning("an upstream's name leads into a private network", reason=str(error))
            raise UpstreamError(Kind.UNAVAILABLE, "its address is refused") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise UpstreamError(Kind.UNAVAILABLE, type(error).__name__) from None

    async def _read(self, response: httpx.Response) -> Answer:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > BODY_MAX_BYTES:
                raise UpstreamError(Kind.MALFORMED, f"longer than {BODY_MAX_BYTES} bytes")
        kind = response.headers.get("content-type", "").lower()
        return Answer(response.status_code, kind, bytes(body), {k.lower(): v for k, v in response.headers.items()})

    async def get(self, parse: Callable[[Any], T], path: str, params: Mapping[str, str] | None = None, **more: Any) -> T:
        """What `parse` makes of the answer. Raises UpstreamError."""
        return read(await self.fetch(path, params, **more), parse)

    async def json(self, path: str, params: Mapping[str, str] | None = None, **more: Any) -> Any:
        """The decoded answer. Raises UpstreamError."""
        return await self.get(lambda answer: answer, path, params, **more)

    async def close(self) -> None:
        await self.client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
