"""The nodes' own histograms: added over nodes, subtracted over time, never read too low."""

import pytest

from loadtests.node_histogram import NodeHistogram, parse

TEXT = """# TYPE ws_publish_to_receive_seconds histogram
ws_publish_to_receive_seconds_bucket{le="0.001"} %d
ws_publish_to_receive_seconds_bucket{le="0.05"} %d
ws_publish_to_receive_seconds_bucket{le="+Inf"} %d
ws_publish_to_receive_seconds_sum 1.0
ws_publish_to_receive_seconds_count %d
"""


def text(*counts):
    return TEXT % (*counts, counts[-1])


def test_nodes_add_up_and_earlier_samples_are_taken_away():
    before = parse([text(10, 20, 20), text(10, 20, 20)])
    after = parse([text(90, 120, 120), text(110, 120, 120)])
    load = after.since(before)
    assert load.samples == 200
    assert load.percentile(50) == 1.0
    assert load.percentile(99) == 50.0, "the upper bound of the bucket, so that a promise is never kept by rounding"


def test_what_is_beyond_the_last_bound_is_endless():
    assert parse([text(0, 0, 5)]).percentile(99) == float("inf")


@pytest.mark.parametrize("histogram", [NodeHistogram({}), parse([""]), parse([text(0, 0, 0)])])
def test_no_samples_is_no_measurement(histogram):
    assert histogram.percentile(99) is None
