"""A recorded or home-made day through the real program and a real Redis: what arrives is what the file says."""

import csv
import gzip
import json
import time
from decimal import Decimal

import pytest
import redis

from services.api.tests.conftest import redis_environment, running_api
from services.contract.follower import Follower
from services.contract.keyspace import CHANNEL_UPDATES, SEQUENCES, quote
from services.contract.messages import server_message
from services.contract.quotes import change_of

pytestmark = pytest.mark.services_real


def day_of(path):
    """Symbol -> open, high, low, last, volume, read straight off the file with nothing of the product."""
    opener = gzip.open if path.suffix == ".gz" else open
    ends: dict[str, dict[str, Decimal | int]] = {}
    with opener(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            end = ends.setdefault(
                row["symbol"], {"open": Decimal(row["open"]), "high": Decimal(0), "low": Decimal("1e9"), "volume": 0}
            )
            end["high"] = max(end["high"], Decimal(row["high"]))
            end["low"] = min(end["low"], Decimal(row["low"]))
            end["last"] = Decimal(row["close"])
            end["volume"] += int(row["volume"])
    return ends


def previous_closes(path, day):
    file = path.with_name("prev-close.csv")
    if not file.is_file():
        return {}
    with file.open(newline="") as rows:
        return {row["symbol"]: Decimal(row["prev_close"]) for row in csv.DictReader(rows) if row["date"] == day}


def client_of(server):
    return redis.Redis(host=server.host, port=server.port, password=server.password)


def listen(server):
    subscription = client_of(server).pubsub(ignore_subscribe_messages=True)
    subscription.subscribe(CHANNEL_UPDATES)
    subscription.get_message(timeout=1)
    return subscription


def follow(subscription, api, symbols, seconds=240):
    """All updates until the day of all `symbols` is closed."""
    follower, lines = Follower(), []
    deadline = time.monotonic() + seconds
    closed: set[str] = set()
    while closed != symbols and time.monotonic() < deadline:
        assert api.process.poll() is None, api.log.read_text()[-2000:]
        message = subscription.get_message(timeout=1)
        for line in message["data"].split(b"\n") if message else ():
            update = json.loads(line)
            lines.append(line)
            follower.apply(update)
            if update["data"]["session"] == "closed":
                closed.add(update["symbol"])
    log = api.log.read_text()[-2000:]
    assert closed == symbols, f"{len(lines)} updates, the day did not end for {sorted(symbols - closed)[:5]}: {log}"
    return follower, lines


def assert_day(api, path, day, follower, lines):
    ends, bases = day_of(path), previous_closes(path, day)
    assert follower.dropped == 0, "seq must rise for every symbol"
    assert follower.missed == 0, "no number may be left out"
    server_message.validate_json(lines[0])
    server_message.validate_json(lines[-1])
    names = sorted(ends)
    quotes = []
    for start in range(0, len(names), 100):
        answer = api.client.get("/api/v1/quotes", params={"symbols": ",".join(names[start : start + 100])})
        assert answer.json()["missing"] == []
        quotes += answer.json()["quotes"]
    for update in quotes:
        data, end = update["data"], ends[update["symbol"]]
        got = {name: Decimal(str(data[key])) for name, key in
               {"open": "open", "high": "dayHigh", "low": "dayLow", "last": "price", "volume": "volume"}.items()}  # fmt: skip
        assert got == end, f"{update['symbol']}: the served end of day is not the file's"
        change, percent = change_of(end["last"], bases.get(update["symbol"]))
        assert (data["change"], data["changePercent"]) == tuple(None if v is None else float(v) for v in (change, percent))
        assert data["status"] == "replay", "a replayed price must never look live"


@pytest.mark.recorded
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("folder", "day"), [("5min", "2026-06-12"), ("1min-index", "2026-07-28"), ("1min-2016", "2016-09-08")], ids=str
)
def test_a_recorded_day_at_full_speed_ends_as_the_csv_says(market_data, redis_server, tmp_path, folder, day):
    redis_server.redis_cli("FLUSHALL")
    source = market_data / "intraday" / folder
    path = next(source.glob(f"{day}.csv*"))
    listening = listen(redis_server)
    environment = {"SOURCE": "replay", "REPLAY_DIR": str(source), "REPLAY_DAY": day, "REPLAY_SPEED": "max"}
    with running_api(tmp_path, **redis_environment(redis_server), **environment) as api:
        follower, lines = follow(listening, api, set(day_of(path)))
        assert_day(api, path, day, follower, lines)


def home_made_day(folder):
    path = folder / "2026-06-12.csv"
    rows = ["timestamp,symbol,open,high,low,close,volume"]
    for minute in range(5):
        for symbol, base in (("AAA", 100), ("BAJAJ-AUTO", 900), ("M&M", 300), ("NIFTY 50", 2400)):
            low = base + minute
            rows.append(f"2026-06-12T09:{15 + minute}:00+05:30,{symbol},{low}.5,{low + 3},{low},{low + 1}.05,{minute * 10}")
    path.write_text("\n".join(rows) + "\n")
    (folder / "prev-close.csv").write_text("date,symbol,prev_close,source\n2026-06-12,M&M,299.95,own\n")
    return path


def replay(folder, speed="max", **more):
    return {"SOURCE": "replay", "REPLAY_DIR": str(folder), "REPLAY_DAY": "2026-06-12", "REPLAY_SPEED": speed} | more


def test_any_file_of_the_format_works_and_what_is_cached_is_what_was_published(redis_server, tmp_path):
    redis_server.redis_cli("FLUSHALL")
    path = home_made_day(tmp_path)
    listening = listen(redis_server)
    with running_api(tmp_path, **redis_environment(redis_server), **replay(tmp_path)) as api:
        follower, lines = follow(listening, api, set(day_of(path)))
        assert_day(api, path, "2026-06-12", follower, lines)
        client = client_of(redis_server)
        assert client.get(quote("M&M")) in lines, "the cache holds the very bytes that were published"
        assert int(client.hget(SEQUENCES, "AAA")) == follower.latest["AAA"]["seq"]
        (index,) = json.loads(client.get("cache:indices"))
        assert index["symbol"] == "NIFTY 50"
        one = api.client.get("/api/v1/quotes/M%26M")
        assert one.content == client.get(quote("M&M")), "REST answers with the same bytes"
        assert api.client.get("/api/v1/quotes/M%26M", headers={"If-None-Match": one.headers["ETag"]}).status_code == 304
        assert api.client.get("/api/v1/indices").json()["indices"][0]["symbol"] == "NIFTY 50"
        assert api.client.get("/api/v1/market/status").json()["session"] == "closed"


def test_only_wanted_symbols_are_published_and_a_new_one_within_a_second(redis_server, tmp_path):
    redis_server.redis_cli("FLUSHALL")
    home_made_day(tmp_path)
    client = client_of(redis_server)
    settings = replay(tmp_path, DEFAULT_SYMBOLS="AAA")
    with running_api(tmp_path, **redis_environment(redis_server), **settings) as api:
        api.wait_ready()
        time.sleep(1)
        assert {key.decode() for key in client.hkeys(SEQUENCES)} == {"AAA"}, "nobody asked for the others"
        seconds, micros = client.time()
        client.zadd("subscriptions:leases", {"ws-1": seconds * 1000 + micros // 1000 + 60_000})
        client.sadd("subscriptions:active", "BAJAJ-AUTO")
        asked = time.monotonic()
        while client.get(quote("BAJAJ-AUTO")) is None and time.monotonic() - asked < 5:
            time.sleep(0.02)
        assert time.monotonic() - asked < 1.5, "leases alone are read once a second"
        message = {"action": "subscribe", "symbols": ["NIFTY 50"], "node": "ws-1"}
        asked = time.monotonic()
        client.publish("market-data:subscriptions", json.dumps(message))
        while client.get(quote("NIFTY 50")) is None and time.monotonic() - asked < 5:
            time.sleep(0.01)
        assert time.monotonic() - asked < 1.0, "a newly wanted symbol is served within a second"
        asked = time.monotonic()
        assert api.client.get("/api/v1/quotes/M%26M").status_code == 200, "a REST quote is demand too"
        assert time.monotonic() - asked < 1.0
        assert api.client.get("/api/v1/quotes/NOPE").status_code == 404


def test_a_broken_file_stops_the_start_with_one_clear_error_and_publishes_nothing(redis_server, tmp_path):
    redis_server.redis_cli("FLUSHALL")
    path = home_made_day(tmp_path)
    path.write_text(path.read_text().replace("102.5", "NaN", 1))
    with running_api(tmp_path, **redis_environment(redis_server), **replay(tmp_path)) as api:
        assert api.process.wait(15) == 2
        errors = api.log.read_text().strip().splitlines()
        assert len(errors) == 1, "one error, no traceback"
        assert errors[0].startswith("error: ")
        assert "line 10: open: got 'NaN', expected a price above 0" in errors[0]
    assert redis_server.redis_cli("DBSIZE") == "0", "half a day must not have been published"
