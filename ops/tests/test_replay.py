import pytest

from ops.access import ROOT
from ops.replay import check_day, check_speed, market_data_folder
from tools.machine.problem import Problem

HEAD = "timestamp,symbol,open,high,low,close,volume\n"


@pytest.mark.parametrize("speed", ["1", "60", "1000", "2.5", "max"])
def test_a_speed_is_1_to_1000_or_max(speed):
    assert check_speed(speed) == speed


@pytest.mark.parametrize("speed", ["0", "1001", "-5", "fast", "", "nan", "1e2"])
def test_another_speed_is_refused(speed):
    with pytest.raises(Problem, match="from 1 to 1000, or max"):
        check_speed(speed)


def test_a_good_day_says_what_it_holds(tmp_path):
    (tmp_path / "2026-01-05.csv").write_text(HEAD + "2026-01-05T09:15:00+05:30,RELIANCE,100,101,99,100.5,10\n")
    assert "1 symbols" in check_day(tmp_path, "2026-01-05", ROOT)


def test_a_day_that_is_not_there_is_refused_and_the_days_that_are_are_named(tmp_path):
    with pytest.raises(Problem, match=r"no 2026-01-05\.csv"):
        check_day(tmp_path, "2026-01-05", ROOT)
    with pytest.raises(Problem, match="expected YYYY-MM-DD"):
        check_day(tmp_path, "yesterday", ROOT)


def test_a_missing_folder_says_how_to_name_one(monkeypatch, tmp_path):
    monkeypatch.setenv("STOCK_TRACKER_MARKET_DATA", str(tmp_path / "none"))
    with pytest.raises(Problem) as caught:
        market_data_folder(ROOT)
    assert "STOCK_TRACKER_MARKET_DATA=" in caught.value.next_command
