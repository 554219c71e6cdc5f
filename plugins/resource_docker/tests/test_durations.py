"""Durations are read as Docker's tools write them, and written as Docker's own Go prints them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.resource_docker import durations


@pytest.mark.parametrize(
    ("text", "value_ns"),
    [
        ("0s", 0),
        ("0", 0),
        ("1s", 10**9),
        ("1m30s", 90 * 10**9),
        ("1.5s", 1_500_000_000),
        ("500ms", 5 * 10**8),
        ("2h", 7200 * 10**9),
    ],
)
def test_durations_are_read(text, value_ns):
    assert durations.nanoseconds(text) == value_ns, "Docker would check at another interval than the program says"


@pytest.mark.parametrize(
    ("value_ns", "text"),
    [
        (0, "0s"),
        (90 * 10**9, "1m30s"),
        (60 * 10**9, "1m0s"),
        (3600 * 10**9, "1h0m0s"),
        (500_000_000, "500ms"),
        (1_500_000, "1.5ms"),
        (1, "1ns"),
    ],
)
def test_durations_are_written_as_go_does(value_ns, text):
    assert durations.text(value_ns) == text, "the text read back would differ from the official state"


@given(st.integers(0, 10**15))
def test_what_is_written_can_be_read(value_ns):
    assert durations.nanoseconds(durations.text(value_ns)) == value_ns, "a refresh would change the healthcheck"


@pytest.mark.parametrize("text", ["", "5", "1x", "s", "1s1", "-1s"])
def test_what_is_no_duration_is_named(text):
    assert "expected a duration" in str(durations.check_duration(text)), "the program's author must see the wrong value"
