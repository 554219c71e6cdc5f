"""Signed requests: whatever is not exactly right is refused, and without Redis everything is."""

import time
from typing import Any

import pytest
from pydantic import ValidationError

from services.api.control import ControlPlane, ControlRequest
from services.api.errors import Problem
from services.api.redis_link import RedisAway
from services.contract.messages import Control
from services.contract.signing import sign_control, signed_headers

KEY, PATH, BODY = "the-control-key", "/api/v1/control", b'{"action":"echo"}'


class Nonces:
    """The one thing of Redis that verification needs."""

    def __init__(self, is_up=True):
        self.spent, self.is_up = set(), is_up

    async def call(self, command):
        if not self.is_up:
            raise RedisAway("down")
        return await command(self)

    async def set(self, key, value, nx, ex):
        assert nx
        assert ex == 120, "a nonce must be kept for as long as its timestamp can be timely"
        is_new = key not in self.spent
        self.spent.add(key)
        return is_new or None


class Ingest:
    def __init__(self):
        self.paused, self.injected, self.resigned = [], [], 0
        self.may_lead = True

    async def set_paused(self, paused):
        self.paused.append(paused)

    async def inject(self, price):
        self.injected.append(price)

    async def resign(self):
        self.resigned += 1


def plane(key=KEY, is_up=True, ingest: Any = None):
    nonces: Any = Nonces(is_up)
    target: Any = ingest or Ingest()
    return ControlPlane(nonces, target, "channel", key, "api-1")


def good(**changes):
    fields: dict[str, Any] = {
        "key": KEY,
        "method": "POST",
        "path": PATH,
        "body": BODY,
        "timestamp": int(time.time()),
        "nonce": "nonce-12345",
    }
    return signed_headers(**fields | changes)


async def test_a_good_request_passes_once_and_its_replay_does_not():
    control = plane()
    await control.verify(good(), BODY)
    with pytest.raises(Problem, match="used before") as refused:
        await control.verify(good(), BODY)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        good(key="another"),
        good(method="GET"),
        good(path="/api/v1/quotes"),
        good(body=b'{"action":"pause"}'),
        good(timestamp=int(time.time()) - 61),
        good(timestamp=int(time.time()) + 90),
        good() | {"X-Nonce": "another-nonce"},
        good() | {"X-Timestamp": str(int(time.time()) + 1)},
        good() | {"X-Timestamp": "now"},
        good() | {"X-Timestamp": "-5"},
        good() | {"X-Timestamp": "1" * 40},
        good() | {"X-Timestamp": "１２３"},
        good() | {"X-Signature": ""},
        good() | {"X-Signature": "\udcff"},
        good() | {"X-Signature": good()["X-Signature"].upper()},
        good() | {"X-Signature": good()["X-Signature"][:-1]},
        good(nonce="short"),
        good(nonce="n" * 65),
    ],
)
async def test_whatever_is_not_exactly_right_is_401(headers):
    with pytest.raises(Problem) as refused:
        await plane().verify(headers, BODY)
    assert refused.value.status == 401
    assert KEY not in refused.value.detail


async def test_a_wrong_signature_does_not_spend_the_nonce():
    control = plane()
    with pytest.raises(Problem):
        await control.verify(good(key="another"), BODY)
    await control.verify(good(), BODY)


async def test_without_redis_it_is_refused_and_without_a_key_it_is_not_set_up():
    with pytest.raises(Problem) as away:
        await plane(is_up=False).verify(good(), BODY)
    assert (away.value.status, "Retry-After" in away.value.headers) == (503, True), "fail closed: replays could not be told"
    with pytest.raises(Problem) as none:
        await plane(key=None).verify(good(), BODY)
    assert none.value.status == 501


def heard(action, scope="all", key=KEY, **changes):
    from datetime import UTC, datetime

    fields: dict[str, Any] = {
        "action": action,
        "scope": scope,
        "timestamp": datetime.now(UTC),
        "nonce": "n" * 32,
        "data": {"price": 5},
    }
    message = Control(**fields | changes)
    signature = sign_control(key, message.model_dump(mode="json", by_alias=True))
    return message.model_copy(update={"signature": signature}).model_dump_json(by_alias=True).encode()


async def test_the_channel_is_obeyed_only_when_signed_timely_and_meant_for_us():
    from datetime import UTC, datetime, timedelta

    ingest = Ingest()
    control = plane(ingest=ingest)
    for ignored in (
        b"", b"{}", b"[]", b"x" * 100_000, heard("pause", key="another"), heard("pause", scope="ws-1"),
        heard("pause", timestamp=datetime.now(UTC) - timedelta(minutes=5)), heard("pause").replace(b"pause", b"resume"),
    ):  # fmt: skip
        await control.hear(ignored)
    assert ingest.paused == []
    await control.hear(heard("pause"))
    await control.hear(heard("resume", scope="api-1"))
    assert ingest.paused == [True, False]
    await control.hear(heard("probe"))
    assert ingest.injected == [5]


async def test_drain_concerns_the_named_node_only():
    ingest = Ingest()
    control = plane(ingest=ingest)
    await control.hear(heard("drain"))
    assert not control.is_draining, "draining all sockets must not take the API out of service"
    await control.hear(heard("drain", scope="api-1"))
    assert control.is_draining
    assert ingest.resigned == 1


@pytest.mark.parametrize(
    "body",
    [
        {"action": "explode"}, {"action": "pause", "extra": 1}, {"action": "probe"},
        {"action": "probe", "data": {"price": "NaN"}},
        {"action": "probe", "data": {"price": -1}}, {"action": "probe", "data": {"price": 1e300}},
        {"action": "notice", "data": {}},
        {"action": "pause", "scope": "a b"}, {"action": "pause", "data": {"reason": "x" * 20_000}},
    ],
)  # fmt: skip
def test_requests_that_make_no_sense_are_refused(body):
    with pytest.raises(ValidationError):
        ControlRequest.model_validate(body)
