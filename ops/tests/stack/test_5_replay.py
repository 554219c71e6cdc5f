"""A recorded day through the stack, to its last bar; a broken one is refused."""

import time

import httpx
import pytest

from ops.tests.stack.observed import STACK_NAME, by_service

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

DAY = "2026-01-05"

HEAD = "timestamp,symbol,open,high,low,close,volume\n"

GOOD = f"{DAY}T09:15:00+05:30,RELIANCE,100,101,99,100.5,10\n{DAY}T09:16:00+05:30,RELIANCE,100.5,102,100,101,20\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEAD.replace(",volume", "") + GOOD.replace(",10\n", "\n").replace(",20\n", "\n"), "volume"),
        (HEAD + GOOD.replace(",101,99", ",NaN,99"), "high"),
        (HEAD + "".join(reversed(GOOD.splitlines(keepends=True))), "sorted"),
    ],
    ids=["missing column", "NaN price", "unsorted"],
)
def test_a_broken_day_is_refused_before_the_settings_are_touched(checkout, up_once, engine, tmp_path, content, said):
    before, settings = by_service(engine), (checkout.folder / f"Pulumi.{STACK_NAME}.yaml").read_bytes()
    (tmp_path / f"{DAY}.csv").write_text(content)
    done = checkout.ops("replay", DAY, "60", STOCK_TRACKER_MARKET_DATA=str(tmp_path))
    assert done.returncode == 2
    assert f"{DAY} cannot be played" in done.stdout
    assert said in done.stdout, done.stdout
    assert (checkout.folder / f"Pulumi.{STACK_NAME}.yaml").read_bytes() == settings
    assert by_service(engine) == before


def test_a_recorded_day_runs_to_its_last_bar(checkout, up_once, url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("days")
    (folder / f"{DAY}.csv").write_text(HEAD + GOOD)
    (folder / "prev-close.csv").write_text(f"date,symbol,prev_close,source\n{DAY},RELIANCE,99,test\n")
    folder.chmod(0o755)
    done = checkout.ops("replay", DAY, "max", "--no-smoke", STOCK_TRACKER_MARKET_DATA=str(folder))
    assert done.returncode == 0, done.stdout
    deadline = time.monotonic() + 20
    data: dict[str, object] = {}
    while data.get("volume") != 30 and time.monotonic() < deadline:
        data = httpx.get(f"{url}/api/v1/quotes/RELIANCE").json()["data"]
        time.sleep(0.2)
    wanted = {"open": 100, "dayHigh": 102, "dayLow": 99, "price": 101, "volume": 30, "previousClose": 99, "source": "replay"}
    assert {key: data.get(key) for key in wanted} == wanted, "what the file says must be what is served"
    assert checkout.pulumi("config", "set", "source", "simulated").returncode == 0
