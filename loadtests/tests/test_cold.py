"""Hit ratio and stampede, from what the platform itself counts."""

import pytest

from loadtests.api_counters import ApiCounters, parse
from loadtests.cold import most_calls

TEXT = """# TYPE stk_api_request_seconds histogram
stk_api_request_seconds_bucket{route="/api/v1/quotes/{symbol}",method="GET",status="200",le="+Inf"} 700
stk_api_request_seconds_count{route="/api/v1/quotes/{symbol}",method="GET",status="200"} 700
stk_api_request_seconds_count{route="/api/v1/indices",method="GET",status="200"} 100
stk_api_request_seconds_count{route="/health",method="GET",status="200"} 9000
# TYPE stk_api_updates_published counter
stk_api_updates_published_total 30
"""


def test_replicas_add_up_and_only_quotes_count():
    assert parse([TEXT, TEXT]) == ApiCounters(1600, 60), "health checks are no cache hits"


def test_the_hit_ratio_is_what_needed_no_reading():
    assert ApiCounters(1100, 40).hit_percent(ApiCounters(100, 20)) == 98.0
    assert ApiCounters(100, 20).hit_percent(ApiCounters(100, 20)) is None


@pytest.mark.parametrize(("published", "calls"), [(60, 1), (62, 1), (63, 2), (160, 3), (0, 0)])
def test_more_updates_than_seconds_are_a_stampede(published, calls):
    assert most_calls({"A": 5}, {"A": 5 + published}, seconds=60) == calls


def test_the_worst_symbol_counts():
    assert most_calls({}, {"A": 10, "M&M": 400}, seconds=60) == 7
