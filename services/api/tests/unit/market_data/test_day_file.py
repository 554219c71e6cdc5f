"""A recorded day is taken whole or refused whole, with the line that is wrong."""

import gzip
from datetime import date
from decimal import Decimal

import pytest

from services.api.sources import SourceError
from services.api.sources.day_file import find_day, read_day

HEADER = "timestamp,symbol,open,high,low,close,volume\n"
GOOD = (
    HEADER
    + "2026-06-12T09:15:00+05:30,AAA,10,12,9,11,100\n"
    + "2026-06-12T09:15:00+05:30,M&M,20,20,20,20,0\n"
    + "2026-06-12T09:20:00+05:30,AAA,11,11.5,10.5,11.25,7\n"
)


def write(folder, text, name="2026-06-12.csv"):
    path = folder / name
    path.write_text(text)
    return path


def test_a_good_file_gives_its_bars_and_bar_length(tmp_path):
    day = read_day(write(tmp_path, GOOD))
    assert day.day == date(2026, 6, 12)
    assert day.symbols == {"AAA", "M&M"}
    assert day.bar_length.total_seconds() == 300, "the length is read off the timestamps"
    assert day.bars[2].close == Decimal("11.25")
    assert day.previous_closes == {}, "without prev-close.csv nothing is made up"


def test_gzip_and_previous_closes_are_read(tmp_path):
    path = tmp_path / "2026-06-12.csv.gz"
    path.write_bytes(gzip.compress(GOOD.encode()))
    (tmp_path / "prev-close.csv").write_text("date,symbol,prev_close,source\n2026-06-11,AAA,1,x\n2026-06-12,AAA,9.95,official\n")
    assert read_day(path).previous_closes == {"AAA": Decimal("9.95")}, "only this day's closes count"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("timestamp,symbol,open,high,low,close\n2026-06-12T09:15:00+05:30,A,1,1,1,1\n", "line 1: missing column volume"),
        ("", "line 1: missing column"),
        (HEADER, "line 2: no bars"),
        (HEADER + "2026-06-12T09:15:00+05:30,A,NaN,1,1,1,0\n", "line 2: open: got 'NaN'"),
        (HEADER + "2026-06-12T09:15:00+05:30,A,1,inf,1,1,0\n", "line 2: high: got 'inf'"),
        (HEADER + "2026-06-12T09:15:00+05:30,A,1,1,1,,0\n", "line 2: close: got ''"),
        (HEADER + "2026-06-12T09:15:00+05:30,A,1,1,1,-1,0\n", "line 2: close: got '-1'"),
        (HEADER + "2026-06-12T09:15:00+05:30,A,1,1,1,1,1.5\n", "line 2: volume: got '1.5'"),
        (HEADER + "2026-06-12T09:15:00+05:30,A,1,1,1,1,-5\n", "line 2: volume: got '-5'"),
        (HEADER + "2026-06-12T09:15:00+05:30,a,1,1,1,1,1\n", "line 2: not a symbol"),
        (HEADER + "yesterday,A,1,1,1,1,1\n", "line 2: timestamp: got 'yesterday'"),
        (HEADER + "2026-06-12T09:15:00+05:30,A,1,1,1,1\n", "line 2: got 6 fields, expected 7"),
        (HEADER + "2026-06-12T09:15:00+05:30,A,5,4,1,2,1\n", "line 2: A: open 5 and close 2 are not within"),
        (GOOD + "2026-06-12T09:20:00+05:30,AAA,11,11.5,10.5,11.25,7\n", "line 5: duplicate row of AAA"),
        (GOOD + "2026-06-12T09:15:00+05:30,ZZZ,11,11.5,10.5,11.25,7\n", "line 5: unsorted: ZZZ"),
        (HEADER + "\n".join(GOOD.splitlines()[:0:-1]) + "\n", "unsorted"),
        (GOOD + "2026-06-13T09:15:00+05:30,AAA,11,11.5,10.5,11.25,7\n", "line 5: a second day"),
    ],
)
def test_each_fault_is_one_error_with_file_and_line(tmp_path, text, expected):
    path = write(tmp_path, text)
    with pytest.raises(SourceError) as refused:
        read_day(path)
    assert str(refused.value).startswith(str(path)), "whoever reads it must know which file"
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value), "one clear error is one line"


def test_a_file_that_is_not_the_day_asked_for_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"holds 2026-06-12, expected 2026-06-11"):
        read_day(write(tmp_path, GOOD), date(2026, 6, 11))


def test_a_day_is_found_anywhere_below_the_folder_and_its_absence_says_what_is_there(tmp_path):
    (tmp_path / "5min").mkdir()
    path = write(tmp_path / "5min", GOOD)
    assert find_day(tmp_path, date(2026, 6, 12)) == path
    with pytest.raises(SourceError, match=r"it has 2026-06-12 to 2026-06-12 \(1 days\)"):
        find_day(tmp_path, date(2026, 6, 13))
    write(tmp_path, GOOD)
    with pytest.raises(SourceError, match="more than once"):
        find_day(tmp_path, date(2026, 6, 12))


def test_a_damaged_gzip_is_one_error(tmp_path):
    path = tmp_path / "2026-06-12.csv.gz"
    path.write_bytes(gzip.compress(GOOD.encode())[:-10])
    with pytest.raises(SourceError, match="cannot be read"):
        read_day(path)
