"""What replicas share through a real Redis: caches, budgets, unknown symbols, rate limits; and going on without it."""

import asyncio
import json
import secrets
import time

import httpx
import pytest

from services.api import redis_link
from services.api.budgets import Budget, Limit
from services.api.cache import Cache, Policy
from services.api.negative import NegativeCache
from services.api.tests.conftest import redis_environment, running_api
from services.api.tests.real.test_leadership import link_of
from services.api.upstreams import Kind, UpstreamError
from services.contract.signing import signed_headers

pytestmark = pytest.mark.services_real

POLICY = Policy(10, 60)


@pytest.fixture
def patient(monkeypatch):
    """A crowded machine is not a Redis that is away."""
    monkeypatch.setattr(redis_link, "COMMAND_TIMEOUT_SECONDS", 5.0)


@pytest.fixture
async def replicas(redis_server):
    """The links of two replicas to one empty Redis."""
    redis_server.redis_cli("FLUSHALL")
    (one, first), (two, second) = await link_of(redis_server, "one"), await link_of(redis_server, "two")
    yield one, two
    for watching, link in ((first, one), (second, two)):
        watching.cancel()
        await link.close()


async def test_concurrent_misses_in_two_replicas_make_one_upstream_call(patient, replicas):
    one, two = replicas
    calls = 0

    async def load():
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.2)
        return {"n": calls}

    caches = Cache(one), Cache(two)
    entries = await asyncio.gather(*(cache.get("cache:test", POLICY, load) for cache in caches for _ in range(50)))
    assert calls == 1, "the other replica waits for the first one's answer"
    assert {entry.value["n"] for entry in entries} == {1}
    assert 60 < await one.client.ttl("cache:test") <= 70, "only keys with an end may be evicted"
    for raw in (b"not json", b"[]", b"[1]", b'{"a":1}', b"[null,1]"):
        await one.client.set("cache:test", raw)
        assert (await Cache(two).get("cache:test", POLICY, load)).value["n"] == calls, "garbage is a miss"


async def test_a_refused_call_does_not_keep_the_other_replicas_waiting_for_its_lock(patient, replicas):
    one, two = replicas
    calls = 0

    async def refused():
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.2)
        raise UpstreamError(Kind.UNAVAILABLE)

    caches = Cache(one), Cache(two)
    answers = await asyncio.gather(
        *(c.get("cache:no", POLICY, refused) for c in caches for _ in range(20)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {UpstreamError}
    assert calls == 2, "the second replica tries for itself as soon as the first one gave up"
    assert await one.client.keys("cache:no*") == [], "a lock left behind would hold everybody for six seconds"


async def test_a_crowd_that_asks_first_for_symbols_nobody_watches_is_served_whole_by_any_replica(redis_server, tmp_path):
    redis_server.redis_cli("FLUSHALL")
    environment = redis_environment(redis_server) | {"SOURCE": "simulated", "DEFAULT_SYMBOLS": "RELIANCE"}
    with running_api(tmp_path, "one", **environment) as one, running_api(tmp_path, "two", **environment) as two:
        one.wait_ready()
        two.wait_ready()
        rows = one.client.get("/api/v1/symbols?limit=50").json()["symbols"]
        others = [row["symbol"] for row in rows if row["symbol"] != "RELIANCE"]
        async with httpx.AsyncClient(timeout=10, limits=httpx.Limits(max_connections=200)) as client:
            asked = [client.get(f"{(one, two)[n % 2].url}/api/v1/quotes/{others[n % len(others)]}") for n in range(100)]
            statuses = [answer.status_code for answer in await asyncio.gather(*asked)]
    assert set(statuses) == {200}, "the first price of a symbol is on its way: that is no reason to refuse those who wait for it"


async def test_budget_and_unknown_symbols_are_shared_by_all_replicas(replicas):
    one, two = replicas
    budgets = [Budget(link, "twelve_data", [Limit(8, 60), Limit(800, 86_400)]) for link in (one, two)]
    assert await budgets[0].take(5, now=1000.0) == 0
    assert await budgets[1].take(3, now=1000.0) == 0
    assert await budgets[0].take(1, now=1000.0) == 20, "eight a minute for all replicas together"
    assert await budgets[1].left(now=1000.0) == 792
    await NegativeCache(one).remember(["NOPE"], is_open=True)
    assert await NegativeCache(two).known(["NOPE", "TCS"]) == {"NOPE"}


def test_rate_limits_are_summed_over_replicas(redis_server, tmp_path):
    redis_server.redis_cli("FLUSHALL")
    settings = redis_environment(redis_server) | {"RATE_LIMIT_PER_MINUTE": "40"}
    while time.time() % 60 > 40:
        time.sleep(0.5)
    with running_api(tmp_path, "api-a", **settings) as one, running_api(tmp_path, "api-b", **settings) as two:
        one.wait_ready()
        two.wait_ready()
        client = {"X-Forwarded-For": "203.0.113.7"}
        statuses = [api.client.get("/api/v1/market/status", headers=client).status_code for _ in range(15) for api in (one, two)]
        assert statuses == [200] * 30
        time.sleep(2.5)
        late = [api.client.get("/api/v1/market/status", headers=client).status_code for _ in range(12) for api in (one, two)]
        assert 429 in late, "30 and 24 are more than 40, whoever of the two was asked"
        assert late.count(200) <= 22


def control(api, key, body, **changes):
    raw = json.dumps(body).encode()
    headers = signed_headers(key, "POST", "/api/v1/control", raw, int(time.time()), secrets.token_hex(12)) | changes
    return api.client.post("/api/v1/control", content=raw, headers=headers)


def test_control_reaches_the_leader_through_any_replica(redis_server, tmp_path):
    redis_server.redis_cli("FLUSHALL")
    (tmp_path / "key").write_text("the-control-key-123")
    settings = redis_environment(redis_server) | {"CONTROL_KEY_FILE": str(tmp_path / "key")}
    with running_api(tmp_path, "api-a", **settings) as leader, running_api(tmp_path, "api-b", **settings) as other:
        leader.wait_ready()
        other.wait_ready()
        key = "the-control-key-123"
        echo = control(other, key, {"action": "echo"})
        assert echo.status_code == 200
        assert 0 < echo.json()["roundTripMs"] < 1000
        assert control(other, key, {"action": "probe", "data": {"price": 77.25}}).status_code == 202
        for api in (leader, other):
            probe = api.wait_until("/api/v1/quotes/STK.PROBE", lambda r: r.status_code == 200, 5)
            assert probe.json()["data"]["price"] == 77.25
        assert "STK.PROBE" not in leader.client.get("/api/v1/quotes").text
        assert "STK.PROBE" not in leader.client.get("/api/v1/symbols?query=STK").text
        assert control(other, key, {"action": "pause", "data": {"reason": "exchange halt"}}).status_code == 202
        time.sleep(0.5)
        before = leader.client.get("/api/v1/quotes/TCS").json()["seq"]
        time.sleep(2)
        assert leader.client.get("/api/v1/quotes/TCS").json()["seq"] == before, "nothing is published while paused"
        assert leader.client.get("/health/ready").status_code == 200
        assert control(other, key, {"action": "resume"}).status_code == 202
        other.wait_until("/api/v1/quotes/TCS", lambda r: r.json()["seq"] > before, 2)
        assert control(other, key, {"action": "nonsense"}).status_code == 422
        assert control(other, key, {"action": "fail"}).status_code == 500, "the drill by which smoke sees a real 500"
        assert control(other, "wrong-key", {"action": "pause"}).status_code == 401
        drained = control(other, key, {"action": "drain", "scope": "api-a"})
        assert drained.status_code == 202
        leader.wait_until("/health/ready", lambda r: r.status_code == 503, 3)
        other.wait_until("/api/v1/status", lambda r: r.json()["ingest"]["leader"], 5)


def test_redis_paused_costs_no_request_half_a_second_and_is_repaired(own_redis, tmp_path):
    with running_api(tmp_path, **redis_environment(own_redis), SOURCE="simulated") as api:
        api.wait_ready()
        own_redis.docker("pause")
        try:
            slowest, answers = 0.0, []
            deadline = time.monotonic() + 6
            while time.monotonic() < deadline:
                for path in (
                    "/api/v1/quotes/TCS",
                    "/api/v1/quotes?symbols=TCS,INFY",
                    "/api/v1/symbols?query=TCS",
                    "/api/v1/indices",
                ):
                    started = time.monotonic()
                    answers.append(api.client.get(path).status_code)
                    slowest = max(slowest, time.monotonic() - started)
                time.sleep(0.05)
        finally:
            own_redis.docker("unpause")
        assert set(answers) == {200}
        assert slowest < 0.5
        line = api.wait_until("/api/v1/quotes/TCS", lambda r: not r.json()["epoch"].startswith("alone"), 12).json()
        assert json.loads(own_redis.redis_cli("GET", "cache:quote:TCS"))["epoch"] == line["epoch"]
        warnings = [line for line in api.log.read_text().splitlines() if '"level": "warning"' in line]
        assert len(warnings) == 1, "one warning an episode, not one a request"


def test_killed_pubsub_connections_lose_nothing(redis_server, tmp_path):
    redis_server.redis_cli("FLUSHALL")
    with running_api(tmp_path, **redis_environment(redis_server), SOURCE="simulated") as api:
        api.wait_ready()
        for _ in range(10):
            redis_server.redis_cli("CLIENT", "KILL", "TYPE", "pubsub")
            time.sleep(0.3)

        def is_current(response: httpx.Response) -> bool:
            return bool(response.content.decode() == redis_server.redis_cli("GET", "cache:quote:TCS"))

        api.wait_until("/api/v1/quotes/TCS", is_current, 5)
        assert api.client.get("/api/v1/quotes/TCS").json()["data"]["status"] == "simulated"
