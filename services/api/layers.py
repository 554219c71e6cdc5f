"""Plain ASGI layers around the whole application: request ids and the headers every answer carries, errors included.

`@app.middleware("http")` costs more than everything else of a quote's answer together, so there is none.
"""

import re
from itertools import count
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PROCESS = uuid4().hex[:12].encode()
_NUMBERS = count(1)
_SAFE_ID = re.compile(rb"[A-Za-z0-9_.\-]{8,64}")

SECURITY_HEADERS: list[tuple[bytes, bytes]] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-xss-protection", b"0"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
DOCS_POLICY = (
    b"default-src 'self'; script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
    b"style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; img-src 'self' data: https://fastapi.tiangolo.com"
)


class Envelope:
    """Gives each request an id (a proxy's own is kept when it is harmless) and each answer that id and the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given_id(scope) or _PROCESS + b"%08x" % next(_NUMBERS)
        scope["request_id"] = request_id.decode()
        is_docs = scope["path"] == "/docs"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"] = [*message.get("headers", ()), *SECURITY_HEADERS, (b"x-request-id", request_id)]
                if is_docs:
                    headers[:] = [(n, DOCS_POLICY if n == b"content-security-policy" else v) for n, v in headers]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _given_id(scope: Scope) -> bytes | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return value if _SAFE_ID.fullmatch(value) else None
    return None
