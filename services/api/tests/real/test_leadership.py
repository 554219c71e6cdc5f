"""One leader at a time over real replicas: takeover, fencing, lost data."""

import asyncio
import json
import os
import signal
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.api.lease import Lease, Term
from services.api.publisher import Fenced, Publisher
from services.api.redis_link import RedisLink
from services.api.settings import Settings
from services.api.tests.conftest import redis_environment, running_api
from services.api.tests.real.test_replay_to_redis import client_of, home_made_day, listen, replay
from services.contract.follower import Follower
from services.contract.keyspace import EPOCH, FENCE, LEADER
from services.contract.messages import PriceUpdate
from services.contract.quotes import Quote, Status

pytestmark = pytest.mark.services_real


async def link_of(server, node):
    link = RedisLink(
        Settings(redis_host=server.host, redis_port=server.port, redis_password_file=server.password_file, node_id=node)
    )
    watching = asyncio.create_task(link.supervise())
    await asyncio.wait_for(link.wait_until_up(), 5)
    return link, watching


async def elected(link, node):
    term = await Lease(link, node).acquire()
    assert isinstance(term, Term)
    return term


def quote_at(price):
    now = datetime.now(UTC)
    return Quote(
        symbol="AAA", price=Decimal(price), change=None, change_percent=None, volume=1, timestamp=now, source="test",
        source_time=now, status=Status.REPLAY,
    )  # fmt: skip


async def test_a_fenced_writer_writes_nothing_and_the_lines_are_the_contracts(redis_server):
    redis_server.redis_cli("FLUSHALL")
    link, watching = await link_of(redis_server, "one")
    first = await elected(link, "one")
    assert await Lease(link, "two").acquire() is None, "one leader at a time"
    publisher = Publisher(link, "market-data:updates")
    await publisher.publish(first, [quote_at("10.5")], datetime(2026, 1, 5, 4, 0, 0, 123456, tzinfo=UTC))
    line = await link.client.get("cache:quote:AAA")
    update = PriceUpdate.model_validate_json(line)
    assert update.model_dump_json(by_alias=True).encode() == line, "bytes made by hand equal the model's own"
    await link.client.delete(LEADER)
    second = await elected(link, "two")
    assert second.fence > first.fence
    assert second.epoch == first.epoch, "no data was lost, so the epoch stays"
    with pytest.raises(Fenced):
        await publisher.publish(first, [quote_at("99")], datetime.now(UTC))
    assert await link.client.get("cache:quote:AAA") == line, "the old leader's price must not show"
    await publisher.publish(second, [quote_at("11")], datetime.now(UTC))
    assert PriceUpdate.model_validate_json(await link.client.get("cache:quote:AAA")).seq == update.seq + 1
    watching.cancel()
    await link.close()


async def test_lost_data_gives_a_new_epoch_and_still_a_higher_fence(redis_server):
    redis_server.redis_cli("FLUSHALL")
    link, watching = await link_of(redis_server, "one")
    first = await elected(link, "one")
    redis_server.redis_cli("FLUSHALL")
    with pytest.raises(Fenced):
        await Publisher(link, "c").publish(first, [quote_at("1")], datetime.now(UTC))
    assert not await Lease(link, "one").renew(first, ""), "a lease in lost data is no lease"
    await asyncio.sleep(1.1)
    second = await elected(link, "one")
    assert second.epoch != first.epoch
    assert second.fence > first.fence, "clients drop a lower fence, so it must rise over a loss of data"
    watching.cancel()
    await link.close()


def updates_for(subscription, seconds, until=lambda _: False):
    found, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline:
        message = subscription.get_message(timeout=0.2)
        found += [json.loads(line) for line in message["data"].split(b"\n")] if message else []
        if found and until(found):
            break
    return found


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP], ids=["killed", "stopped", "frozen"])
def test_a_new_leader_goes_on_within_10_seconds_and_seq_never_falls(redis_server, tmp_path, how):
    redis_server.redis_cli("FLUSHALL")
    listening = listen(redis_server)
    client = client_of(redis_server)
    settings = redis_environment(redis_server) | {"SOURCE": "simulated"}
    with running_api(tmp_path, "api-a", **settings) as first:
        first.wait_ready()
        with running_api(tmp_path, "api-b", **settings) as second:
            second.wait_ready()
            assert client.get(LEADER) == b"api-a"
            before = updates_for(listening, 2)
            os.kill(first.process.pid, how)
            died = time.monotonic()
            after = updates_for(listening, 15, until=lambda found: found[-1]["fence"] > before[-1]["fence"])
            gap = time.monotonic() - died
            assert after[-1]["fence"] > before[-1]["fence"]
            assert gap < 10, f"a new leader within 10 s, got {gap:.1f}"
            if how is signal.SIGSTOP:
                os.kill(first.process.pid, signal.SIGCONT)
            after += updates_for(listening, 4)
            follower = Follower()
            for update in before + after:
                follower.apply(update)
            assert follower.dropped == 0, "no update of the old leader may come after the new one's first"
            assert follower.missed == 0, "seq goes on by one"
            assert len({update["epoch"] for update in before + after}) == 1
            assert client.get(LEADER) == b"api-b"
        if how is signal.SIGTERM:
            assert first.process.wait(15) == 0, "a stop that was asked for is no failure"


def test_flushall_is_repaired_with_a_new_epoch(redis_server, tmp_path):
    redis_server.redis_cli("FLUSHALL")
    home_made_day(tmp_path)
    with running_api(tmp_path, **redis_environment(redis_server), **replay(tmp_path)) as api:
        api.wait_ready()
        api.wait_until("/api/v1/quotes/AAA", lambda r: r.json()["data"]["session"] == "closed")
        before = api.client.get("/api/v1/quotes/AAA").json()
        redis_server.redis_cli("FLUSHALL")
        after = api.wait_until("/api/v1/quotes/AAA", lambda r: r.json()["epoch"] != before["epoch"], 10).json()
        assert after["data"] == before["data"], "values are made current again"
        assert client_of(redis_server).get(EPOCH).decode() == after["epoch"]
        assert int(client_of(redis_server).get(FENCE)) == after["fence"] > before["fence"]
