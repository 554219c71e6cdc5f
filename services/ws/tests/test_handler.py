"""Conversations with a whole node in this process; updates are handed to its feed."""

import asyncio
import json
from itertools import pairwise

import pytest
from websockets.exceptions import ConnectionClosed

from services.contract.tests.publisher import price_of
from services.ws.tests.conftest import KEY, ask, receive, running_node, until


async def test_snapshot_first_then_updates_with_the_apis_bytes(rig):
    async with rig.client() as socket:
        assert (await ask(socket, action="subscribe", symbols=["TCS"]))["symbols"] == ["TCS"]
        snapshot = await receive(socket)
        assert [q["seq"] for q in snapshot["quotes"]] == [1]
        rig.publish("TCS")
        raw = await socket.recv()
        assert raw.encode() == rig.node.hub.latest["TCS"].line, "the bytes the API made are what the browser gets"
        assert json.loads(raw)["data"]["price"] == price_of(2)


async def test_a_thousand_waiting_clients_ask_the_api_once_per_symbol(rig):
    rig.api.delay_seconds = 0.3
    async with asyncio.TaskGroup() as tasks:
        for _ in range(60):
            tasks.create_task(_subscribe_once(rig))
    assert sorted(rig.api.asked) == ["INFY", "TCS"], "a herd after a restart must not become a herd on the API"


async def _subscribe_once(rig):
    async with rig.client() as socket:
        answer = await ask(socket, action="subscribe", symbols=["TCS", "INFY"])
        assert answer["symbols"] == ["TCS", "INFY"]
        assert len((await receive(socket))["quotes"]) == 2


async def test_an_api_that_is_down_closes_nothing_and_refuses_nobody(rig):
    rig.api.is_down = True
    async with rig.client() as socket:
        answer = await ask(socket, action="subscribe", symbols=["TCS"])
        assert answer["symbols"] == ["TCS"]
        assert (await ask(socket, action="ping", id=1))["type"] == "pong", "no snapshot, but the socket lives"
        rig.publish("TCS")
        assert (await receive(socket))["type"] == "price_update"


async def test_an_unknown_symbol_is_remembered_for_a_while(rig):
    async with rig.client() as socket:
        for _ in range(3):
            await ask(socket, action="subscribe", symbols=["NOSUCH"])
    assert rig.api.asked == ["NOSUCH"], "guessing names must not become load on the API"


async def test_resync_within_the_buffer_brings_every_update_missed(rig):
    async with rig.client() as socket:
        await ask(socket, action="subscribe", symbols=["TCS"])
        await receive(socket)
    for _ in range(5):
        rig.publish("TCS")
    async with rig.client() as socket:
        await ask(socket, action="resync", symbols={"TCS": {"epoch": "e1", "seq": 2}})
        snapshot = await receive(socket)
    assert snapshot["recovered"] is True
    assert [q["seq"] for q in snapshot["quotes"]] == [3, 4, 5, 6], "oldest first, none missing"


async def test_resync_beyond_the_buffer_says_so_and_brings_the_newest(rig):
    for _ in range(1_100):
        rig.publish("TCS")
    async with rig.client() as socket:
        await ask(socket, action="resync", symbols={"TCS": {"epoch": "e1", "seq": 1}})
        snapshot = await receive(socket)
        other = await ask(socket, action="resync", symbols={"TCS": {"epoch": "e0", "seq": 999}})
        again = await receive(socket)
    assert snapshot["recovered"] is False
    assert [q["seq"] for q in snapshot["quotes"]] == [1_101]
    assert other["type"] == "subscribed"
    assert again["recovered"] is False, "another epoch: the numbers mean nothing"


async def test_ids_are_distinct_and_do_not_tell_the_order():
    from services.ws.handler import new_client_id

    ids = [new_client_id("ws-test") for _ in range(10_000)]
    assert len(set(ids)) == 10_000
    assert ids != sorted(ids), "an id that sorts by time can be guessed"
    rising = sum(a < b for a, b in pairwise(ids))
    assert 4_600 < rising < 5_400, "neighbours must rise about as often as they fall"


async def test_no_client_leaves_counts_behind(rig):
    sockets = []
    for _ in range(20):
        context = rig.client()
        sockets.append((context, await context.__aenter__()))
        await ask(sockets[-1][1], action="subscribe", symbols=["TCS", "INFY"])
    assert rig.node.facts()["connections"] == 20
    assert rig.node.facts()["subscriptions"] == 40
    for number, (context, socket) in enumerate(sockets):
        if number % 2:
            socket.transport.abort()
        await context.__aexit__(None, None, None)
    await until(lambda: not len(rig.node.clients), 5, "all connections gone")
    assert rig.node.hub.holders == {}, "a killed client must not be counted for ever"


async def test_the_drain_tells_closes_and_ends(client_key_file):
    async with running_node(client_key_file=client_key_file) as rig, rig.client() as socket:
        rig.node.stop()
        status = await receive(socket)
        assert (status["state"], status["retryAfterMs"]) == ("draining", 500)
        with pytest.raises(ConnectionClosed):
            await receive(socket)
        assert socket.close_code == 1012
    async with running_node(client_key_file=client_key_file) as rig:
        rig.node.admission.is_open = False
        with pytest.raises(Exception, match="503"):
            async with rig.client():
                pass


async def test_health_is_on_the_same_port(rig):
    import httpx

    async with rig.client() as socket, httpx.AsyncClient() as http:
        await ask(socket, action="subscribe", symbols=["TCS"])
        base = f"http://127.0.0.1:{rig.node.port}"
        health = (await http.get(f"{base}/health")).json()
        assert {k: health[k] for k in ("status", "connections", "subscriptions", "release")} == {
            "status": "healthy", "connections": 1, "subscriptions": 1, "release": "dev",
        }  # fmt: skip
        metrics = (await http.get(f"{base}/metrics")).text
        assert "ws_connections 1.0" in metrics
        assert (await http.get(f"{base}/nothing")).status_code == 404
        assert KEY not in metrics


async def test_ready_only_after_a_socket_to_itself_got_a_snapshot(client_key_file):
    import httpx

    async with running_node(client_key_file=client_key_file, default_symbols=("NOSUCH",)) as rig, httpx.AsyncClient() as http:
        address = f"http://127.0.0.1:{rig.node.port}/health/ready"
        assert (await http.get(address)).status_code == 503, "no quote yet: a load balancer must not send anybody here"
        rig.node.lookup._unknown_until.clear()
        rig.publish("NOSUCH")

        async def is_ready():
            return (await http.get(address)).status_code == 200

        await until(is_ready, 10, "ready once a quote is there")
