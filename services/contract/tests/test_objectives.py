"""The promises: none is missing or laxer than the owner's design, and a wrong file is told once and clearly."""

import os
import re
from pathlib import Path

import pytest

from services.contract.objectives import DEFAULT_PATH, ObjectivesError, Verdict, as_page, load_objectives

# The owner's numbers, written down here a second time on purpose: (seed, statistic, bound, users, seconds held).
OWNERS = [
    ("S146", "count", "at most", 0, 100, 60),
    ("S146", "p95", "at most", 2000, 100, 60),
    ("S147", "count", "at most", 0, 1000, 180),
    ("S147", "percent", "at least", 100, 1000, 180),
    ("S148", "per_second", "at least", 1, None, None),
    ("S149", "percent", "at least", 95, 100, None),
    ("S149", "count", "at most", 1, 100, None),
    ("S150", "verdict", "at least", 1, None, None),
    ("S151", "verdict", "at least", 1, None, None),
    ("S152", "max", "at most", 1000, None, None),
    ("S153", "verdict", "at least", 1, None, None),
    ("S154", "verdict", "at least", 1, None, None),
    ("S155", "p95", "at most", 3000, None, None),
    ("S156", "p95", "at most", 2000, 100, 60),
    ("S156", "p99", "at most", 2000, 100, 60),
    ("S157", "p99", "at most", 100, 1000, 180),
    ("S158", "p99", "at most", 50, 1000, 180),
]


@pytest.mark.parametrize(("seed", "statistic", "direction", "bound", "users", "seconds"), OWNERS)
def test_no_promise_is_missing_or_laxer_than_the_owners(seed, statistic, direction, bound, users, seconds):
    promises = load_objectives()
    rows = [row for row in promises.objective if (row.seed, row.statistic) == (seed, statistic)]
    assert rows, f"{seed} ({statistic}) is promised by the design and nobody would notice it breaking"
    for row in rows:
        assert (row.limit <= bound) if direction == "at most" else (row.limit >= bound), f"{row.id} is laxer than {seed}"
        if users is not None:
            assert row.load, f"{row.id} has no load shape: a latency without its load says nothing"
            shape = promises.load[row.load]
            assert shape.users >= users, f"{row.id} is measured with fewer users than {seed} says"
            assert seconds is None or shape.hold_seconds >= seconds, f"{row.id} is held for less time than {seed} says"


@pytest.mark.parametrize("statistic", ["p95", "p99"])
@pytest.mark.parametrize("cache", ["warm", "cold"])
def test_response_times_are_promised_for_a_warm_and_a_cold_cache_apart(cache, statistic):
    rows = [row for row in load_objectives().objective if (row.seed, row.statistic) == ("S156", statistic)]
    assert [row.id for row in rows if cache in row.metric] == [f"api_{cache}_{statistic}"], "one must not hide the other"


def test_socket_latency_is_promised_at_five_symbols_and_one_update_a_second():
    shape = load_objectives().load["ws1000"]
    assert (shape.symbols_per_user, shape.updates_per_symbol_per_second) == (5, 1.0), "S157 names this rate"


def test_ten_page_loads_are_promised():
    assert load_objectives().load["page10"].repetitions == 10, "S155 is a p95 of ten loads"


def test_every_promise_of_the_checklist_has_a_row():
    checklist = Path(os.environ.get("STOCK_TRACKER_MARKET_DATA", DEFAULT_PATH.parents[1] / "shared/market-data")).parent
    checklist /= "SEED-CHECKLIST.md"
    if not checklist.is_file():
        pytest.skip(f"{checklist} is not on this machine")
    section = checklist.read_text().split("### 1.8")[1].split("### 1.9")[0]
    promised = {f"S{number}" for number in re.findall(r"\bS(\d{3})\b", section) if 146 <= int(number) <= 158}
    assert promised == {row.seed for row in load_objectives().objective}, "rows and checklist must name the same promises"


def test_judgement_is_strict_for_times_and_counts_the_unmeasured_as_broken():
    latency, reach, closes = (load_objectives()[name] for name in ("ws_latency", "ws_reach", "ws_closes"))
    assert latency.judge(99.9) is Verdict.MET
    assert latency.judge(100.0) is Verdict.MISSED, "the owner wrote < 100 ms"
    assert reach.judge(99.999) is Verdict.MISSED, "one lost update in 100,000 is a lost update"
    assert closes.judge(0) is Verdict.MET
    assert closes.judge(1) is Verdict.MISSED
    assert closes.judge(None) is Verdict.NOT_MEASURED


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("limit = 100\n", 'limit = "fast"\n'), "limit"),
        (("goal = 25\n", "goal = 250\n"), "laxer"),
        (('load = "ws1000"\n', 'load = "ws1001"\n'), "ws1001"),
        (('id = "ws_latency"\n', 'id = "ws_reach"\n'), "twice"),
        (('better = "lower"\n', 'better = "smaller"\n'), "better"),
        (("goal = 25\n", "goal = 25\ngaol = 3\n"), "gaol"),
        (("limit = 100\n", "limit = nan\n"), "limit"),
        (("[[objective]]\n", "[[objective]\n"), "not TOML"),
    ],
)
def test_a_wrong_file_gives_one_clear_error(tmp_path, change, named):
    path = tmp_path / "objectives.toml"
    text = DEFAULT_PATH.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change))
    with pytest.raises(ObjectivesError, match=named) as caught:
        load_objectives(path)
    assert str(path) in str(caught.value), "the reader must know which file to open"


def test_a_missing_file_says_how_to_get_it_back(tmp_path):
    with pytest.raises(ObjectivesError, match="git checkout"):
        load_objectives(tmp_path / "objectives.toml")


def test_the_page_in_docs_is_made_from_the_file():
    page = (DEFAULT_PATH.parent / "docs" / "objectives.md").read_text(encoding="utf-8")
    assert page == as_page(load_objectives()), "run: python -m services.contract.objectives > docs/objectives.md"
