"""An operator's signed requests: checked once here, told to every process over the control channel, obeyed by whom they concern.

A request is refused when its signature, time or nonce is not right; the nonces are kept in Redis, so without Redis every
request is refused (fail closed).
"""

import asyncio
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from services.api.clock import Clock, WallClock, monotonic_seconds
from services.api.errors import Problem, unavailable
from services.api.ingest import Ingest
from services.api.logs import logger
from services.api.redis_link import RedisAway, RedisLink
from services.contract import signing
from services.contract.endpoints import CONTROL
from services.contract.keyspace import PAUSED
from services.contract.messages import Control

NONCE_PATTERN = r"^[A-Za-z0-9_\-]{8,64}$"
ECHO_SECONDS = 1.0
BODY_MAX_BYTES = 16_384

log = logger(__name__)


def _nonce_key(nonce: str) -> str:
    return f"control:nonce:{nonce}"


class ControlRequest(BaseModel):
    """What an operator asks for. `scope`: `all` or one node id."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["pause", "resume", "drain", "notice", "probe", "echo", "fail"]
    data: dict[str, Any] = Field(default_factory=dict)
    scope: str = Field("all", pattern=r"^[A-Za-z0-9_.\-]{1,64}$")

    @field_validator("data")
    @classmethod
    def _bounded(cls, value: dict[str, Any]) -> dict[str, Any]:
        if len(json.dumps(value)) > BODY_MAX_BYTES:
            raise ValueError("too long")
        return value

    @model_validator(mode="after")
    def _complete(self) -> "ControlRequest":
        if self.action == "probe":
            probe_price(self.data)
        if self.action == "notice" and not str(self.data.get("text", "")).strip():
            raise ValueError("notice: data.text is missing")
        return self


def probe_price(data: Mapping[str, Any]) -> Decimal:
    """`data.price` of a probe. Raises ValueError."""
    try:
        price = Decimal(str(data.get("price")))
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or not 0 < price < 10**12 or price.as_tuple().exponent < -6:  # type: ignore[operator]
        raise ValueError("probe: data.price must be a number above 0 with at most 6 decimals")
    return price


class ControlPlane:
    """Checks requests, publishes them, and does this process's part."""

    def __init__(
        self, link: RedisLink, ingest: Ingest, channel: str, key: str | None, node_id: str, clock: Clock | None = None
    ) -> None:
        self._link = link
        self._ingest = ingest
        self._channel = channel
        self._key = key
        self._node_id = node_id
        self._clock = clock or WallClock()
        self._echoes: dict[str, asyncio.Future[None]] = {}
        self.is_draining = False
        self.refused = 0

    async def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raises Problem: 401 for whatever is wrong with the signature, 501 without a key, 503 without Redis."""
        if self._key is None:
            raise Problem(501, "control requests need CONTROL_KEY_FILE; this installation has none")
        stamp, nonce = headers.get(signing.TIMESTAMP_HEADER, ""), headers.get(signing.NONCE_HEADER, "")
        given = headers.get(signing.SIGNATURE_HEADER, "")
        if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12 or not 8 <= len(nonce) <= 64 or not nonce.isascii():
            raise self._refusal("missing or malformed X-Timestamp, X-Nonce or X-Signature")
        if not signing.is_timely(int(stamp), self._clock.now().timestamp()):
            raise self._refusal(f"X-Timestamp is more than {signing.WINDOW_SECONDS} s away from the server's time")
        expected = signing.sign_request(self._key, "POST", CONTROL, body, int(stamp), nonce)
        if not signing.matches(expected, given):
            raise self._refusal("the signature does not match")
        await self._spend(nonce)

    async def _spend(self, nonce: str) -> None:
        try:
            first = await self._link.call(lambda client: client.set(_nonce_key(nonce), 1, nx=True, ex=2 * signing.WINDOW_SECONDS))
        except RedisAway:
            raise unavailable("control requests need Redis, which is away") from None
        if not first:
            raise self._refusal("this nonce was used before")

    def _refusal(self, reason: str) -> Problem:
        self.refused += 1
        log.warning("control request refused", reason=reason)
        return Problem(401, reason, {"WWW-Authenticate": "Signature"})

    async def perform(self, request: ControlRequest) -> dict[str, Any]:
        """Tell everybody. For `echo`, answers only when it was heard back."""
        message = self._message(request)
        heard = asyncio.get_running_loop().create_future()
        self._echoes[message.nonce] = heard
        started = monotonic_seconds()
        try:
            if request.action in {"pause", "resume"} and request.scope == "all":
                await self._remember_pause(request)
            await self._link.call(lambda client: client.publish(self._channel, message.model_dump_json(by_alias=True)))
            log.info("control request accepted", action=request.action, scope=request.scope)
            if request.action != "echo":
                return {"accepted": True, "action": request.action, "scope": request.scope}
            async with asyncio.timeout(ECHO_SECONDS):
                await heard
            return {"roundTripMs": round((monotonic_seconds() - started) * 1000, 3)}
        except RedisAway:
            raise unavailable("the control channel is away") from None
        except TimeoutError:
            raise Problem(504, f"the message was not heard back within {ECHO_SECONDS} s") from None
        finally:
            self._echoes.pop(message.nonce, None)

    def _message(self, request: ControlRequest) -> Control:
        assert self._key is not None
        unsigned = Control(
            action=request.action, data=request.data, scope=request.scope, timestamp=self._clock.now(), nonce=uuid4().hex
        )
        signature = signing.sign_control(self._key, unsigned.model_dump(mode="json", by_alias=True))
        return unsigned.model_copy(update={"signature": signature})

    async def _remember_pause(self, request: ControlRequest) -> None:
        if request.action == "pause":
            reason = str(request.data.get("reason") or "paused by an operator")
            await self._link.call(lambda client: client.set(PAUSED, reason))
        else:
            await self._link.call(lambda client: client.delete(PAUSED))

    async def hear(self, raw: bytes) -> None:
        """A message from the control channel; what is not ours, signed and timely is dropped."""
        message = self._authentic(raw)
        if message is None or message.scope not in {"all", self._node_id}:
            return
        if message.action == "echo" and (waiting := self._echoes.get(message.nonce)) and not waiting.done():
            waiting.set_result(None)
        elif message.action in {"pause", "resume"}:
            await self._ingest.set_paused(message.action == "pause")
        elif message.action == "probe":
            await self._ingest.inject(probe_price(message.data))
        if message.scope == self._node_id and message.action in {"drain", "resume"}:
            self.is_draining = message.action == "drain"
            if self.is_draining:
                await self._ingest.resign()
            else:
                self._ingest.may_lead = True

    def _authentic(self, raw: bytes) -> Control | None:
        if self._key is None or len(raw) > 4 * BODY_MAX_BYTES:
            return None
        try:
            fields = json.loads(raw)
            message = Control.model_validate(fields)
        except (ValueError, ValidationError, RecursionError):
            return None
        if not signing.is_timely(message.timestamp.timestamp(), self._clock.now().timestamp()):
            return None
        return message if signing.matches(signing.sign_control(self._key, fields), message.signature) else None
