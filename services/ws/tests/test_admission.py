"""Who is let in: decided before the upgrade, and every refusal says why."""

import asyncio

import httpx
import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus

from services.ws.admission import client_address
from services.ws.tests.conftest import KEY, running_node, until

GOOD = "http://localhost:8080"
BAD_ORIGINS = [
    "https://localhost:8080", "http://localhost", "http://localhost:80800", "http://localhost:8080/", "http://LOCALHOST:8080",
    "http://localhost.:8080", "http://evil.example", "http://localhost:8080.evil.example", "http://evil.example#http://localhost:8080",
    "http://user@localhost:8080", "null", "", " ", "file://", "http://127.0.0.1:8081", "http://[::1]:8080",
    "http://localhost:8080, http://evil",
    "http://localhost\u00ad:8080", "http://xn--lclhost-q1a:8080", "*", "http://*", "ws://localhost:8080",
]  # fmt: skip


async def status_of(rig, headers):
    try:
        async with rig.client(headers=headers):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


@pytest.mark.parametrize("origin", BAD_ORIGINS)
async def test_only_an_exact_origin_is_let_in(rig, origin):
    headers = {"Origin": origin.encode("utf-8").decode("latin-1")}
    assert await status_of(rig, headers) == 403, "any page in the world could read the stream with its visitor's cookies"


async def test_the_listed_origin_and_the_client_key_are_let_in(rig):
    assert await status_of(rig, {"Origin": GOOD}) == 101
    assert await status_of(rig, {"X-Client-Key": KEY}) == 101


async def test_a_good_key_does_not_help_a_bad_origin(rig):
    assert await status_of(rig, {"Origin": "http://evil.example", "X-Client-Key": KEY}) == 403


@pytest.mark.parametrize("headers", [{}, {"X-Client-Key": "wrong"}, {"X-Client-Key": ""}, {"Authorization": "Bearer x"}])
async def test_without_an_origin_a_proof_is_needed(rig, headers):
    assert await status_of(rig, headers) == 403


async def test_two_origins_are_refused(rig):
    assert await status_of(rig, [("Origin", GOOD), ("Origin", GOOD)]) == 403


async def test_limits_per_address_and_in_all_say_themselves(client_key_file):
    async with running_node(client_key_file=client_key_file, max_connections=3, max_connections_per_address=2) as rig:
        await until(lambda: not rig.is_checking and not len(rig.node.clients), 5, "its own check is over")
        near = {"X-Client-Key": KEY, "X-Forwarded-For": "203.0.113.5"}
        async with rig.client(headers=near), rig.client(headers=near):
            with pytest.raises(InvalidStatus) as refused:
                async with rig.client(headers=near):
                    pass
            assert refused.value.response.status_code == 429
            assert b"limit 2" in refused.value.response.body
            assert refused.value.response.headers["Retry-After"] == "5"
            spoofed = {"X-Client-Key": KEY, "X-Forwarded-For": "198.51.100.1, 203.0.113.5"}
            assert await status_of(rig, spoofed) == 429, "only the hop our own proxy wrote counts"
            async with rig.client(headers={"X-Client-Key": KEY, "X-Forwarded-For": "203.0.113.6"}):
                assert await status_of(rig, {"X-Client-Key": KEY, "X-Forwarded-For": "203.0.113.7"}) == 503


async def test_a_burst_of_handshakes_over_the_rate_is_told_when_to_come_back(client_key_file):
    async with running_node(client_key_file=client_key_file, handshakes_per_second=1, handshake_burst=4) as rig:
        await until(lambda: not rig.is_checking, 5, "its own check is over")
        answers = [await status_of(rig, {"X-Client-Key": KEY}) for _ in range(6)]
        assert answers[:2] == [101, 101]
        assert 503 in answers
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"http://127.0.0.1:{rig.node.port}/health")).status_code == 200, "health is not rationed"
        assert rig.node.admission.refused["handshake_rate"] >= 1


@pytest.mark.parametrize(
    ("forwarded", "hops", "expected"),
    [
        (["203.0.113.9"], 1, "203.0.113.9"), (["evil, 203.0.113.9"], 1, "203.0.113.9"),
        (["1.1.1.1", "203.0.113.9"], 1, "203.0.113.9"),
        (["203.0.113.9"], 0, "10.0.0.1"), ([], 1, "10.0.0.1"), (["203.0.113.9, 10.1.1.1"], 2, "203.0.113.9"),
        (["garbage"], 1, "unknown"),
        (["2001:db8:1:2:3::4"], 1, "2001:db8:1:2::/64"),
    ],
)  # fmt: skip
def test_the_address_that_counts(forwarded, hops, expected):
    headers = Headers([("X-Forwarded-For", value) for value in forwarded])
    assert client_address(headers, ("10.0.0.1", 5), hops) == expected


async def test_a_client_that_dies_in_the_handshake_is_not_counted_for_ever(rig):
    for _ in range(20):
        _, writer = await asyncio.open_connection("127.0.0.1", rig.node.port)
        writer.write(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Client-Key: " + KEY.encode() + b"\r\n\r\n"
        )
        writer.transport.abort()
    await asyncio.sleep(0.3)
    assert len(rig.node.clients) == 0, "leaked admissions would close the node for good"
