"""The knee: the last rate that was held, and honest about whether Redis or the meter ended the search."""

import pytest

from loadtests.own_redis import own_redis
from loadtests.pubsub import START_RATE, Step, find_knee, measure_step


def redis_that_bends_at(rate_limit, *, meter_limit=float("inf"), loses=0):
    def measure(rate):
        sent = int(rate * 3)
        slow = rate > rate_limit
        return Step(
            rate,
            sent,
            sent - (loses if slow else 0),
            0.2,
            90.0 if slow and not loses else 1.0,
            99.0 if rate > meter_limit else 0.5,
        )

    return measure


def test_the_knee_is_the_last_rate_within_the_limit():
    knee = find_knee(redis_that_bends_at(START_RATE * 4), 50)
    assert (knee.rate, knee.reached_by_meter) == (START_RATE * 4, False)
    assert len(knee.steps) == 4, "the step that failed belongs to the report"


def test_a_lost_message_ends_the_search_too():
    assert find_knee(redis_that_bends_at(START_RATE, loses=1), 50).rate == START_RATE


def test_a_meter_that_falls_behind_is_not_blamed_on_redis():
    knee = find_knee(redis_that_bends_at(1e9, meter_limit=START_RATE * 2), 50)
    assert (knee.rate, knee.reached_by_meter) == (START_RATE * 2, True)


def test_nothing_held_is_no_knee():
    assert find_knee(redis_that_bends_at(1), 50).rate is None


@pytest.mark.engine
def test_a_real_redis_hands_everything_on():
    docker = pytest.importorskip("docker")
    images = docker.from_env().images.list(filters={"label": "stk.image=redis"}) or [
        image for image in docker.from_env().images.list() if any("stock-tracker" in tag and "redis" in tag for tag in image.tags)
    ]
    if not images:
        pytest.skip("no Redis image of the platform on this machine")
    with own_redis(images[0].id) as address:
        step = measure_step(address, 500)
    assert step.received == step.sent > 1000
    assert step.p99 is not None
