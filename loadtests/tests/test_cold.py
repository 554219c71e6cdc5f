"""Hit ratio and stampede, from what the platform itself counts."""

import pytest

from loadtests.api_counters import hit_percent, parse
from loadtests.cold import most_calls

TEXT = """# TYPE stk_api_request_seconds histogram
stk_api_request_seconds_bucket{route="/api/v1/quotes/{symbol}",method="GET",status="200",le="+Inf"} 700
stk_api_request_seconds_count{route="/api/v1/quotes/{symbol}",method="GET",status="200"} 700
stk_api_request_seconds_count{route="/api/v1/indices",method="GET",status="200"} 100
stk_api_request_seconds_count{route="/health",method="GET",status="200"} 9000
"""


def test_replicas_add_up_and_only_quotes_count():
    assert parse([TEXT, TEXT]) == 1600, "health checks are no cache hits"


def test_the_hit_ratio_is_what_needed_no_reading():
    before, after = {"A": 5, "OTHER": 5}, {"A": 15, "NIFTY 50": 10, "OTHER": 900}
    assert hit_percent(1000, ["A", "NIFTY 50"], before, after) == 98.0, "what others watch ticks on and is nobody's miss here"
    assert hit_percent(0, ["A"], before, after) is None


@pytest.mark.parametrize(("published", "calls"), [(60, 1), (62, 1), (63, 2), (160, 3), (0, 0)])
def test_more_updates_than_seconds_are_a_stampede(published, calls):
    assert most_calls({"A": 5}, {"A": 5 + published}, seconds=60) == calls


def test_the_worst_symbol_counts():
    assert most_calls({}, {"A": 10, "M&M": 400}, seconds=60) == 7
