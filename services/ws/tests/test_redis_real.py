"""A whole node on a real Redis: snapshot from the cache, repair from the stream, and back after an outage."""

import asyncio
import json

import pytest
import redis.asyncio as redis

from services.contract import keyspace
from services.contract.endpoints import CLIENT_KEY_HEADER
from services.contract.tests.publisher import Publisher, price_of
from services.ws.redis_link import RedisLink
from services.ws.settings import WsSettings
from services.ws.tests.conftest import KEY, ask, receive, running_node, until

pytestmark = pytest.mark.services_real


@pytest.fixture
async def store(redis_server):
    redis_server.redis_cli("FLUSHALL")
    client = redis.Redis(port=redis_server.port, password=redis_server.password)
    yield client
    await client.aclose()


@pytest.fixture
async def real(redis_server, store, client_key_file):
    fields = {"redis_port": redis_server.port, "redis_password_file": redis_server.password_file}
    async with running_node(client_key_file=client_key_file, **fields) as rig:
        await until(lambda: rig.node.subscriber.is_up and rig.node.state.name == "live", 10, "the node hears Redis")
        await until(lambda: not rig.is_checking, 10, "its own check is over")
        rig.api.asked.clear()
        yield rig


async def connect(rig):
    from websockets.asyncio.client import connect as open_socket

    socket = await open_socket(rig.address, additional_headers={CLIENT_KEY_HEADER: KEY}, compression=None)
    assert (await receive(socket))["type"] == "connected"
    return socket


async def test_the_snapshot_comes_from_the_cache_without_asking_the_api(real, store):
    publisher = Publisher(store)
    await publisher.publish("TCS")
    real.node.sequencer.latest.pop("TCS", None)
    socket = await connect(real)
    await ask(socket, action="subscribe", symbols=["TCS"])
    assert [q["seq"] for q in (await receive(socket))["quotes"]] == [1]
    assert real.api.asked == []
    await publisher.publish("TCS", "INFY")
    update = await receive(socket)
    assert (update["seq"], update["data"]["price"]) == (2, price_of(2))
    await socket.close()


async def test_a_message_lost_by_pub_sub_is_replayed_before_the_next(real, store):
    publisher = Publisher(store)
    await publisher.publish("TCS")
    socket = await connect(real)
    await ask(socket, action="subscribe", symbols=["TCS"])
    await receive(socket)
    take, real.node.feed.take_messages = real.node.feed.take_messages, lambda messages: None
    await publisher.publish("TCS")
    await publisher.publish("TCS")
    await asyncio.sleep(0.2)
    real.node.feed.take_messages = take
    await publisher.publish("TCS")
    assert [(await receive(socket))["seq"] for _ in range(3)] == [2, 3, 4], "every update, in order, though two were lost"
    assert real.node.sequencer.gaps_repaired == 1
    await socket.close()


async def test_a_loss_beyond_the_stream_is_repaired_with_the_newest(real, store):
    publisher = Publisher(store)
    await publisher.publish("TCS")
    socket = await connect(real)
    await ask(socket, action="subscribe", symbols=["TCS"])
    await receive(socket)
    take, real.node.feed.take_messages = real.node.feed.take_messages, lambda messages: None
    await publisher.publish("TCS")
    await asyncio.sleep(0.2)
    await store.delete(keyspace.STREAM)
    real.node.feed.take_messages = take
    await publisher.publish("TCS")
    assert (await receive(socket))["seq"] == 3
    assert real.node.sequencer.gaps_given_up == 1
    await socket.close()


async def test_garbage_in_redis_is_dropped_and_counted(real, store):
    for message in [
        b"not json",
        b"{}",
        b'{"type":"price_update"}',
        b"\xff" * 100,
        b"x" * 100_000,
        b'{"type":"price_update","x":NaN}',
    ]:
        await store.publish(keyspace.CHANNEL_UPDATES, message)
        await store.publish(keyspace.CHANNEL_CONTROL, message)
    await store.set(keyspace.quote("TCS"), b"garbage")
    await until(lambda: real.node.feed.malformed >= 6, 5, "all counted")
    socket = await connect(real)
    await ask(socket, action="subscribe", symbols=["TCS"])
    assert (await receive(socket))["quotes"][0]["seq"] == 1, "a cache that is garbage is a miss: the API is asked"
    assert real.api.asked == ["TCS"]
    assert sum(real.node.desk.dropped.values()) == 6
    await socket.close()


async def test_updates_lost_in_an_outage_are_there_before_live_is_said(own_redis, client_key_file):
    fields = {"redis_port": own_redis.port, "redis_password_file": own_redis.password_file}
    async with running_node(client_key_file=client_key_file, **fields) as rig:
        await until(lambda: rig.node.state.name == "live" and rig.node.subscriber.is_up, 10, "the node hears Redis")
        async with redis.Redis(port=own_redis.port, password=own_redis.password) as store:
            publisher = Publisher(store)
            await publisher.publish("TCS")
            socket = await connect(rig)
            await ask(socket, action="subscribe", symbols=["TCS"])
            await receive(socket)
            await store.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            await publisher.publish("TCS")
            await publisher.publish("TCS")
            got: list[object] = []
            while not got or got[-1] != "live":
                message = await receive(socket)
                got.append(message.get("state") or message["seq"])
        assert got == ["degraded", 2, 3, "live"], "everybody is current before the node says live"
        await socket.close()


async def test_a_paused_redis_is_noticed_within_three_seconds(own_redis, client_key_file):
    fields = {"redis_port": own_redis.port, "redis_password_file": own_redis.password_file}
    async with running_node(client_key_file=client_key_file, **fields) as rig:
        await until(lambda: rig.node.state.name == "live" and rig.node.subscriber.is_up, 10, "the node hears Redis")
        socket = await connect(rig)
        await ask(socket, action="ping")
        own_redis.docker("pause")
        try:
            status = await receive(socket, 4.0)
            assert status["state"] == "degraded", "a paused Redis raises no error: only own beats reveal it"
        finally:
            own_redis.docker("unpause")
        while (await receive(socket, 8.0)).get("state") != "live":
            pass
        await socket.close()


async def test_a_wrong_password_is_said_and_never_printed(own_redis, client_key_file, tmp_path, capsys):
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-password")
    async with running_node(client_key_file=client_key_file, redis_port=own_redis.port, redis_password_file=wrong) as rig:
        assert rig.node.state.name == "degraded"
        wrong.write_text(own_redis.password)

        def is_live():
            return rig.node.state.name == "live"

        await until(lambda: rig.node.subscriber.is_up and is_live(), 8, "a rotated secret needs no restart")
    printed = capsys.readouterr()
    assert "not-the-password" not in printed.out + printed.err
    assert json.dumps(own_redis.password) not in printed.out


async def test_a_node_that_starts_during_a_pause_says_so_and_hears_its_end(real, store):
    await store.set(keyspace.PAUSED, "maintenance")
    await store.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await until(lambda: real.node.state.is_paused, 5, "the pause is kept in Redis")
    await store.delete(keyspace.PAUSED)
    await store.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await until(lambda: not real.node.state.is_paused, 5, "a resume that was missed is made good")


@pytest.mark.parametrize(
    ("host", "ca", "problem"),
    [
        ("127.0.0.1", "ca.pem", None), ("127.0.0.1", "other.pem", "certificate verify failed"),
        ("localhost", "ca.pem", "certificate verify failed"), ("127.0.0.1", None, "connection lost"),
    ],
    ids=["the CA that signed it", "another CA", "another name than it was signed for", "without TLS"],
)  # fmt: skip
async def test_the_subscription_over_tls_trusts_its_ca_only(tls_redis, host, ca, problem):
    server, folder = tls_redis
    fields = {"redis_host": host, "redis_port": server.port, "redis_password_file": server.password_file}
    tls = {"redis_tls": True, "redis_ca_file": folder / ca} if ca else {}
    link = RedisLink(WsSettings(_env_file=None, **fields, **tls))
    came: list[object] = []
    if problem:
        with pytest.raises(OSError, match=r"(?i)" + problem):
            await link.subscribe(("channel",), came.append)
    else:
        subscription = await link.subscribe(("channel",), came.append)
        await link.client.publish("channel", "word")
        await until(lambda: came == [[(b"channel", b"word")]], 5, "the message came")
        subscription.close()
    await link.close()
