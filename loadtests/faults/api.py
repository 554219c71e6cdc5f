"""The API's fault matrix: each source with each fault of its service, and Redis killed, paused, re-keyed and full.

Oracles, all by what a client gets: every answer is fresh, stale-marked with its age, 429 or 503 with Retry-After (O5); none takes
longer than half a second; no price that the service did not give; a fault is noticed; after healing it is fresh again (O3).
"""

import json
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from loadtests.faults.processes import ANSWER_LIMIT_SECONDS, Prober, Redis, docker, free_port, program, redis_server, wait_for
from loadtests.faults.upstream import FAULTS, price_of

SOURCES = ("nse", "twelve_data", "alpha_vantage")
LIVE = frozenset({"live", "delayed"})
HEAL_SECONDS = 15.0
SYMBOL = "RELIANCE"


@dataclass
class Row:
    """One line of the table."""

    part: str
    subject: str
    fault: str
    verdict: str
    seconds: float
    answers: str
    slowest_ms: int
    oracles: dict[str, bool]
    note: str = ""


def judge(subject: str, fault: str, started: float, prober: Prober, oracles: dict[str, bool], note: str = "") -> Row:
    """Add the prober's own oracles and give the verdict."""
    oracles = {
        "O5 allowed answers only": not prober.wrong and prober.answers > 0,
        f"none over {ANSWER_LIMIT_SECONDS} s": prober.slowest_seconds <= ANSWER_LIMIT_SECONDS,
    } | oracles
    answers = ", ".join(f"{count} {name}" for name, count in sorted(prober.statuses.items()))
    verdict = "pass" if all(oracles.values()) else "FAIL"
    seconds = round(time.monotonic() - started, 1)
    return Row("api", subject, fault, verdict, seconds, answers, round(prober.slowest_seconds * 1000), oracles, note)


def source_faults(source: str, faults: tuple[str, ...]) -> list[Row]:
    """One source through every fault of its service, each with a fresh Redis and API process."""
    with redis_server() as redis, TemporaryDirectory() as folder:
        return [source_fault(source, fault, redis, Path(folder)) for fault in faults]


def source_fault(source: str, fault: str, redis: Redis, folder: Path) -> Row:
    """Healthy, broken until noticed, healed."""
    started = time.monotonic()
    redis.cli("FLUSHALL")
    key = folder / "key"
    key.write_text("demokey123456")
    fake, port = free_port(), free_port()
    base, upstream = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{fake}"
    environment = redis.environment() | {
        "SOURCE": source, "PORT": str(port), "HOST": "127.0.0.1", "DEFAULT_SYMBOLS": SYMBOL,
        "POLL_SECONDS": "0.5", "POLL_CLOSED_SECONDS": "0.5", "STALE_AFTER_SECONDS": "1.5", "BREAKER_SECONDS": "1",
        "NSE_BASE_URL": upstream, "TWELVE_DATA_BASE_URL": upstream, "ALPHA_VANTAGE_BASE_URL": upstream,
    }  # fmt: skip
    if source != "nse":
        environment[f"{source.upper()}_API_KEY_FILE"] = str(key)
    with ExitStack() as stack:
        stack.enter_context(program("loadtests.faults.upstream", str(fake), log=folder / "upstream.log"))
        wait_for(lambda: httpx.get(f"{upstream}/_calls").status_code == 200, 10, "upstream")
        stack.enter_context(program("services.api", log=folder / "api.log", **environment))
        url = f"{base}/api/v1/quotes/{SYMBOL}"
        prober = Prober(url, LIVE)
        try:
            wait_for(lambda: httpx.get(url, timeout=5).json()["data"]["status"] in LIVE, 60, "first quote")
            with prober.running():
                oracles = _break_and_heal(source, fault, upstream, base, url, redis)
        except TimeoutError as error:
            return judge(source, fault, started, prober, {"came through": False}, str(error))
        text = (folder / "api.log").read_text()
        oracles["no traceback, no key in the log"] = "Traceback" not in text and "demokey123456" not in text
        return judge(source, fault, started, prober, oracles)


def _break_and_heal(source: str, fault: str, upstream: str, base: str, url: str, redis: Redis) -> dict[str, bool]:
    httpx.post(f"{upstream}/_fault", params={"service": source, "fault": fault})
    wait_for(lambda: httpx.get(url, timeout=5).json()["data"]["status"] == "stale", 20, "noticed")
    other = httpx.get(f"{base}/api/v1/quotes/WIPRO", timeout=5)
    held = httpx.get(url, timeout=5).json()["data"]
    # The day's budget was used while waiting: what is tested here is the fault, so a new day begins.
    for name in redis.cli("KEYS", "budget:*").split():
        redis.cli("DEL", name)
    httpx.post(f"{upstream}/_fault", params={"service": source, "fault": "none"})
    healed = wait_for(lambda: httpx.get(url, timeout=5).json()["data"]["status"] in LIVE, HEAL_SECONDS, "healed")
    data = httpx.get(url, timeout=5).json()["data"]
    real = {price_of(SYMBOL, number) for number in range(100)}
    return {
        "nothing held: 503 with Retry-After": other.status_code == 503 and other.headers.get("Retry-After", "").isdigit(),
        "only prices the service gave": {held["price"], data["price"]} <= real,
        f"O3 fresh within {HEAL_SECONDS:.0f} s": healed <= HEAL_SECONDS,
    }


def kill_and_start(redis: Redis) -> Callable[[], object]:
    docker("kill", redis.container)
    return lambda: docker("start", redis.container)


def pause(redis: Redis) -> Callable[[], object]:
    docker("pause", redis.container)
    return lambda: docker("unpause", redis.container)


def change_password(redis: Redis) -> Callable[[], object]:
    """The server gets a new one and cuts everybody; healing is the new secret file, without any restart."""
    new = "another-" + redis.password_file.read_text()
    redis.cli("CONFIG", "SET", "requirepass", new)
    script = "redis-cli CLIENT KILL TYPE normal SKIPME yes; redis-cli CLIENT KILL TYPE pubsub"
    docker("exec", "-e", f"REDISCLI_AUTH={new}", redis.container, "sh", "-c", script)
    return lambda: redis.password_file.write_text(new)


def fill(redis: Redis) -> Callable[[], object]:
    redis.cli("CONFIG", "SET", "maxmemory-policy", "noeviction")
    redis.cli("CONFIG", "SET", "maxmemory", "1")
    return lambda: redis.cli("CONFIG", "SET", "maxmemory", "0")


REDIS_FAULTS = {"killed": kill_and_start, "paused": pause, "wrong password": change_password, "full": fill}
BROKEN_SECONDS = 12.0


def redis_fault(fault: str) -> Row:
    """Two replicas on a simulated day; Redis broken for 12 s under a prober."""
    started = time.monotonic()
    ports = free_port(), free_port()
    with redis_server() as redis, TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        for number, port in enumerate(ports):
            environment = redis.environment() | {"SOURCE": "simulated", "PORT": str(port), "HOST": "127.0.0.1"}
            stack.enter_context(program("services.api", log=folder / f"{number}.log", NODE_ID=f"api-{number}", **environment))
        urls = [f"http://127.0.0.1:{port}/api/v1/quotes/TCS" for port in ports]
        leader, other = Prober(urls[0], frozenset({"simulated"})), Prober(urls[1], frozenset({"simulated"}))
        try:
            for url in urls:
                wait_for(lambda url=url: httpx.get(url, timeout=5).status_code == 200, 60, "first quote")
            with leader.running(), other.running():
                oracles = _break_redis(REDIS_FAULTS[fault], redis, urls)
        except (TimeoutError, subprocess.CalledProcessError) as error:
            return judge("redis", fault, started, leader, {"came through": False}, str(error))
        logs = [(folder / f"{number}.log").read_text() for number in range(2)]
        warnings = [sum('"level": "warning"' in line and "redis" in line for line in text.splitlines()) for text in logs]
        oracles["one warning an episode"] = all(count == 1 for count in warnings)
        oracles["no traceback"] = not any("Traceback" in text for text in logs)
        both = Prober(urls[0], frozenset(), leader.answers + other.answers, max(leader.slowest_seconds, other.slowest_seconds))
        both.wrong = leader.wrong + other.wrong
        for prober in (leader, other):
            for answer, count in prober.statuses.items():
                both.statuses[answer] = both.statuses.get(answer, 0) + count
        return judge("redis", fault, started, both, oracles, "" if all(c == 1 for c in warnings) else f"warnings {warnings}")


def _break_redis(breaking: Callable[[Redis], Callable[[], object]], redis: Redis, urls: list[str]) -> dict[str, bool]:
    heal = breaking(redis)
    time.sleep(BROKEN_SECONDS)
    during = [httpx.get(url, timeout=5).json()["data"]["status"] for url in urls]
    heal()
    healed = time.monotonic()

    def is_published() -> bool:
        lines = [httpx.get(url, timeout=5).json() for url in urls]
        cached = json.loads(redis.cli("GET", "cache:quote:TCS") or "{}")
        return all(line["epoch"] == cached["epoch"] and line["data"]["status"] == "simulated" for line in lines)

    wait_for(is_published, HEAL_SECONDS, "updates resume")
    return {
        "served on without it": all(status in {"simulated", "stale"} for status in during),
        "O3 both replicas on the published line within 12 s": time.monotonic() - healed <= 12,
    }


def run(faults: tuple[str, ...] = FAULTS[1:], sources: tuple[str, ...] = SOURCES) -> list[dict[str, object]]:
    """The whole matrix; sources side by side, Redis' faults two at a time."""
    with ThreadPoolExecutor(2) as pool:
        by_source = [pool.submit(source_faults, source, faults) for source in sources]
        by_redis = [pool.submit(redis_fault, fault) for fault in REDIS_FAULTS]
        rows = [row for future in by_source for row in future.result()] + [future.result() for future in by_redis]
    return [asdict(row) for row in rows]
