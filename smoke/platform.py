"""The platform as the checks see it: HTTP, sockets and signed control requests through the edge."""

import json
import secrets
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from ops.access import Access
from services.contract.endpoints import CLIENT_KEY_HEADER, CONTROL
from services.contract.signing import signed_headers
from smoke.failure import CheckFailed, require

CALL_SECONDS = 5.0


class Platform:
    """One running platform. Use as an async context manager. `ca_file`: trust these certificates instead of the system's."""

    def __init__(self, access: Access, ca_file: str | None = None) -> None:
        self.access = access
        self.trust = ssl.create_default_context(cafile=ca_file) if access.base_url.startswith("https") else None
        trusted = self.trust if self.trust is not None else False
        self.http = httpx.AsyncClient(base_url=access.base_url, timeout=CALL_SECONDS, follow_redirects=False, verify=trusted)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.http.aclose()

    async def get(self, path: str, status: int = 200) -> httpx.Response:
        """GET through the edge; a transport error or another status is a failure.

        Raises:
            CheckFailed: as said.
        """
        try:
            response = await self.http.get(path)
        except httpx.HTTPError as error:
            raise CheckFailed(f"GET {path} answers {status}", type(error).__name__, error) from error
        require(response.status_code == status, f"GET {path} answers {status}", f"{response.status_code}: {response.text}")
        return response

    async def get_json(self, path: str, status: int = 200) -> Any:
        """As `get`, decoded."""
        response = await self.get(path, status)
        try:
            return response.json()
        except ValueError as error:
            raise CheckFailed(f"GET {path} answers JSON", response.text[:200], error) from error

    async def control(self, action: str, data: dict[str, Any], *, key: str | None = None) -> httpx.Response:
        """POST one signed control request.

        Raises:
            CheckFailed: no control key was given, or the request did not get through.
        """
        key = key or self.access.control_key
        require(key, "a control key, to sign the request", "none; give --control-key-file FILE or --stack NAME")
        body = json.dumps({"action": action, "data": data}).encode()
        headers = signed_headers(str(key), "POST", CONTROL, body, int(time.time()), secrets.token_hex(16))
        try:
            return await self.http.post(CONTROL, content=body, headers={**headers, "Content-Type": "application/json"})
        except httpx.HTTPError as error:
            raise CheckFailed(f"POST {CONTROL} answers", type(error).__name__, error) from error

    @asynccontextmanager
    async def socket(self, *, origin: str | None = None) -> AsyncIterator[ClientConnection]:
        """An open socket: admitted by the client key where there is one, else as the platform's own page would be.

        Raises:
            CheckFailed: the upgrade was refused or broke.
        """
        key = self.access.client_key
        headers = {CLIENT_KEY_HEADER: key} if key and origin is None else {}
        sent_origin = origin or (None if key else self.access.origin)
        try:
            connection = await connect(
                self.access.stream_url,
                additional_headers=headers,
                origin=Origin(sent_origin) if sent_origin else None,
                compression=None,
                ssl=self.trust,
                proxy=None,
                open_timeout=CALL_SECONDS,
                close_timeout=1,
            )
        except Exception as error:
            raise CheckFailed(f"a socket to {self.access.stream_url} opens", f"{type(error).__name__}: {error}", error) from error
        try:
            yield connection
        finally:
            await connection.close()


async def next_message(connection: ClientConnection) -> dict[str, Any]:
    """The next frame, decoded."""
    message: dict[str, Any] = json.loads(await connection.recv())
    return message


async def message_where(connection: ClientConnection, **fields: object) -> dict[str, Any]:
    """The next frame whose top-level fields equal `fields`; others are passed over."""
    while True:
        message = await next_message(connection)
        if all(message.get(name) == value for name, value in fields.items()):
            return message
