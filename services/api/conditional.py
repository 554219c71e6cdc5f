"""ETag and 304 for everything that can be polled but the two hot routes, which make their own.

The tag is a weak one, over the answer without the moment it was given: an answer that says the same later is not sent again.
"""

import re
from hashlib import blake2b
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/api/v1/"
_MOMENT = re.compile(rb'"timestamp":"[^"]*"')
Headers = list[tuple[bytes, bytes]]


class Conditional:
    """Plain ASGI around the application: holds a 200 back until its body is there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                held.append(message)
            elif not held:
                await send(message)
            else:
                held.append(message)
                if not message.get("more_body"):
                    await _answer(scope, held, send)

        await self._app(scope, receive, hold)


async def _answer(scope: Scope, held: list[Message], send: Send) -> None:
    body = b"".join(part.get("body", b"") for part in held[1:])
    headers: Headers = list(held[0].get("headers", ()))
    names = {name for name, _ in headers}
    tag = b'W/"%s"' % blake2b(_MOMENT.sub(b"", body), digest_size=12).hexdigest().encode()
    headers += [(b"etag", tag)] if b"etag" not in names else []
    headers += [(b"cache-control", cache_control(scope))] if b"cache-control" not in names else []
    status = 200
    if is_held_by_client(scope, dict(headers)[b"etag"]):
        status, body = 304, b""
        headers = [(name, value) for name, value in headers if name not in (b"content-length", b"content-type")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def cache_control(scope: Scope) -> bytes:
    """Ask again before using it; what a signed-in user sees is in nobody else's cache."""
    return b"private, no-cache" if any(name == b"authorization" for name, _ in scope["headers"]) else b"no-cache"


def is_held_by_client(scope: Scope, tag: bytes) -> bool:
    """Whether If-None-Match names `tag`, by weak comparison."""
    wanted = tag.removeprefix(b"W/")
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            given = [part.strip().removeprefix(b"W/") for part in value.split(b",")]
            if wanted in given or b"*" in given:
                return True
    return False


def describe_conditional(document: dict[str, Any]) -> None:
    """Add parameter, header and 304 to every GET of an OpenAPI document that can be polled, the two hot routes included."""
    for path, item in document["paths"].items():
        operation = item.get("get")
        if operation is None or not path.startswith(PREFIX):
            continue
        condition = {"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"}}
        operation.setdefault("parameters", []).append(condition)
        operation["responses"]["200"].setdefault("headers", {})["ETag"] = {"schema": {"type": "string"}}
        operation["responses"]["304"] = {"description": "The client holds it already."}
