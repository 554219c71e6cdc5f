"""Leases against a real Redis: the counts are what living nodes hold, whatever happened to the others."""

import asyncio

import pytest
import redis.asyncio as redis

from services.contract import keyspace
from services.contract.messages import Mode
from services.ws.hub import Hub
from services.ws.ledger import Ledger
from services.ws.outbox import Outbox
from services.ws.redis_link import RedisLink
from services.ws.settings import WsSettings
from services.ws.tests.conftest import until

pytestmark = pytest.mark.services_real


class NodeLedger:
    def __init__(self, server, node):
        settings = WsSettings(
            _env_file=None, redis_host=server.host, redis_port=server.port, redis_password_file=server.password_file, node_id=node
        )
        self.link = RedisLink(settings)
        self.hub = Hub({})
        self.ledger = Ledger(self.link, node, keyspace.CHANNEL_SUBSCRIPTIONS, self.hub)
        self.clients: list[Outbox] = []

    def client(self, *symbols):
        outbox = Outbox(-1, lambda data: None)
        self.clients.append(outbox)
        self.hub.set_interest(outbox, dict.fromkeys(symbols, Mode.QUOTE))
        self.ledger.note(symbols)
        return outbox

    def leave(self, outbox):
        held = list(outbox.symbols)
        self.hub.remove(outbox)
        self.ledger.note(held)


@pytest.fixture
async def nodes(redis_server):
    redis_server.redis_cli("FLUSHALL")
    made = [NodeLedger(redis_server, f"ws-{number}") for number in range(2)]
    yield made
    for node in made:
        await node.link.close()


@pytest.fixture
async def store(redis_server):
    client = redis.Redis(port=redis_server.port, password=redis_server.password, decode_responses=True)
    yield client
    await client.aclose()


READ = """
local found = {}
for _, key in ipairs(redis.call('KEYS', 'subscriptions:count:*')) do
  found[#found + 1] = string.sub(key, 21)
  found[#found + 1] = redis.call('GET', key)
end
return {found, redis.call('SMEMBERS', 'subscriptions:active')}
"""


async def counts(store):
    """Both at one moment."""
    pairs, active = await store.eval(READ, 0)
    found = {symbol: int(number) for symbol, number in zip(pairs[::2], pairs[1::2], strict=True)}
    assert set(found) == set(active), "the set and the counts must say the same"
    return found


async def say_all(node):
    return await node.ledger._say("all", dict(node.hub.holders))


async def test_counts_are_the_sum_over_nodes_and_follow_them(nodes, store):
    one, two = nodes
    first = one.client("TCS", "INFY")
    two.client("TCS")
    await say_all(one)
    await say_all(two)
    assert await counts(store) == {"TCS": 2, "INFY": 1}
    one.leave(first)
    await say_all(one)
    assert await counts(store) == {"TCS": 1}


async def test_a_change_is_written_alone_and_soon(nodes, store):
    node = nodes[0]
    task = asyncio.create_task(node.ledger.run())
    try:
        await asyncio.sleep(0.3)
        client = node.client("TCS")

        async def is_counted():
            return await counts(store) == {"TCS": 1}

        await until(is_counted, 1, "written within a second, not at the next renewal")
        node.leave(client)

        async def is_gone():
            return await counts(store) == {}

        await until(is_gone, 1, "and given up as fast")
    finally:
        task.cancel()


async def test_a_dead_nodes_lease_is_swept_by_the_others(nodes, store):
    dead, alive = nodes
    dead.client("TCS", "INFY")
    alive.client("TCS")
    await dead.ledger._say("all", dict(dead.hub.holders), lease_seconds=0.2)
    await say_all(alive)
    assert await counts(store) == {"TCS": 2, "INFY": 1}
    await asyncio.sleep(0.3)
    await say_all(alive)
    assert await counts(store) == {"TCS": 1}, "a killed node leaks nothing"
    assert await store.exists(keyspace.node_subscriptions("ws-0")) == 0


async def test_a_woken_node_registers_again_and_is_not_subtracted_twice(nodes, store):
    slept, alive = nodes
    client = slept.client("TCS")
    await slept.ledger._say("all", dict(slept.hub.holders), lease_seconds=0.1)
    await asyncio.sleep(0.2)
    await say_all(alive)
    assert await counts(store) == {}
    slept.client("INFY")
    assert await slept.ledger._say("some", {"INFY": 1}) == 0, "a lease that ended must not be changed in part"
    await say_all(slept)
    assert await counts(store) == {"TCS": 1, "INFY": 1}
    slept.leave(client)
    await slept.ledger._say("some", {"TCS": 0})
    assert await counts(store) == {"INFY": 1}


async def test_an_emptied_redis_is_right_again_after_one_renewal(nodes, store):
    for node in nodes:
        node.client("TCS")
        await say_all(node)
    await store.flushall()
    for node in nodes:
        await say_all(node)
    assert await counts(store) == {"TCS": 2}


async def test_wrong_numbers_heal_by_themselves(nodes, store):
    node = nodes[0]
    node.client("TCS")
    await say_all(node)
    await store.set("subscriptions:count:TCS", -7)
    await store.sadd(keyspace.SUBSCRIPTIONS_ACTIVE, "GHOST")
    await store.set("subscriptions:count:GHOST", 3)
    await say_all(node)
    assert await counts(store) == {"TCS": 1}, "the leases are the truth, counts are derived"


async def test_nothing_here_can_be_evicted_or_runs_out_by_itself(nodes, store):
    nodes[0].client("TCS")
    await say_all(nodes[0])
    for key in [keyspace.LEASES, keyspace.SUBSCRIPTIONS_ACTIVE, "subscriptions:count:TCS", "subscriptions:node:ws-0"]:
        assert await store.ttl(key) == -1, f"{key}: a TTL would make it fair game for volatile-lru"


async def test_demand_is_told_when_a_symbol_comes_and_goes(nodes, store):
    subscription = store.pubsub()
    await subscription.subscribe(keyspace.CHANNEL_SUBSCRIPTIONS)
    client = nodes[0].client("TCS")
    await say_all(nodes[0])
    nodes[1].client("TCS")
    await say_all(nodes[1])
    nodes[0].leave(client)
    await say_all(nodes[0])
    await nodes[1].ledger.release()
    heard = []
    while (message := await subscription.get_message(timeout=0.5)) is not None:
        if message["type"] == "message":
            heard.append(message["data"])
    assert [text.count('"subscribe"') - text.count('"unsubscribe"') for text in heard] == [1, -1], "only the first and the last"
    await subscription.aclose()


async def test_release_gives_everything_up_at_once(nodes, store):
    nodes[0].client("TCS")
    await say_all(nodes[0])
    await nodes[0].ledger.release()
    assert await counts(store) == {}
    assert await store.zcard(keyspace.LEASES) == 0
