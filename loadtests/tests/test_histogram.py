"""Percentiles by nearest rank, in buckets that keep what Locust's rounding loses."""

import random

import pytest

from loadtests.histogram import Histogram, bucket, percentile


def test_a_quarter_of_a_millisecond_survives():
    assert bucket(2.254) == 2.25, "Locust's own rounding makes 2 of it"
    assert bucket(123.4) == 123


def test_percentiles_are_those_of_the_sorted_samples():
    samples = [round(random.Random(7).uniform(0, 99), 2) for _ in range(997)]
    histogram = Histogram()
    for sample in samples:
        histogram.add(sample)
    ordered = sorted(samples)
    for percent in (1, 50, 95, 99, 100):
        rank = -(-len(ordered) * percent // 100)
        assert percentile(histogram.counts, percent) == ordered[rank - 1]


@pytest.mark.parametrize(
    ("counts", "percent", "value"),
    [({}, 99, None), ({5.0: 1}, 50, 5.0), ({1.0: 99, 9.0: 1}, 99, 1.0), ({1.0: 98, 9.0: 2}, 99, 9.0)],
)
def test_edges(counts, percent, value):
    assert percentile(counts, percent) == value


def test_taking_starts_anew_and_merging_adds():
    histogram = Histogram()
    histogram.add(1)
    taken = histogram.take()
    assert histogram.samples == 0
    histogram.merge(taken)
    histogram.merge(taken)
    assert histogram.counts == {1.0: 2}
