"""What a reading of metrics says of each promise, and what `status` shows of it."""

from collections.abc import Sequence

from prometheus_client.samples import Sample

from ops.promises import SHOWN, read_samples
from ops.status import promise_rows
from services.contract.objectives import load_objectives

OBJECTIVES = load_objectives()


def histogram(name: str, counts: Sequence[tuple[str, int]], labels: str = "") -> str:
    head = f"# TYPE {name} histogram\n"
    rows = "".join(f'{name}_bucket{{{labels}le="{bound}"}} {count}\n' for bound, count in counts)
    return f"{head}{rows}{name}_count{{{labels.rstrip(',')}}} {counts[-1][1]}\n{name}_sum{{{labels.rstrip(',')}}} 1\n"


def receives(within: int, late: int) -> str:
    """A node that took `within` updates in 10 ms, `late` in 100 ms."""
    counts = [("0.01", within), ("0.05", within), ("0.1", within + late), ("+Inf", within + late)]
    return histogram("ws_publish_to_receive_seconds", counts)


def value(identifier: str, before: str, after: str) -> float | None:
    _, sign, _ = SHOWN[identifier]
    old: Sequence[Sample] = read_samples([before]) if before else ()
    return sign.value(OBJECTIVES[identifier], old, read_samples([after]))


def row(identifier: str, service: str, before: str, after: str) -> tuple[str, ...]:
    readings = [{service: read_samples([text])} for text in (before, after)]
    return next(found for found in promise_rows(OBJECTIVES, *readings) if found[0] == identifier)


def test_a_percentile_is_that_of_the_time_between_two_readings():
    assert value("redis_latency", "", receives(990, 10)) == 10, "1 % is late: 99 % are within 10 ms"
    assert value("redis_latency", "", receives(980, 20)) == 100
    assert value("redis_latency", receives(0, 500), receives(1000, 500)) == 10, "what was long ago does not colour what is now"
    assert value("redis_latency", receives(5, 5), receives(5, 5)) is None, "without events there is no percentile"


def test_replicas_are_added_up():
    _, sign, _ = SHOWN["redis_latency"]
    both = read_samples([receives(990, 0), receives(0, 10)])
    assert sign.value(OBJECTIVES["redis_latency"], (), both) == 10, "10 of 1000 are late over both nodes"


def test_the_share_above_every_bound_is_no_figure_that_could_pass():
    text = histogram("ws_publish_to_receive_seconds", [("0.05", 1), ("+Inf", 100)])
    found = value("redis_latency", "", text)
    assert found == float("inf")
    assert SHOWN["redis_latency"][1].shown(found) == "over every bound"


def test_only_the_routes_a_promise_speaks_of_count():
    quotes = histogram("stk_api_request_seconds", [("0.01", 10), ("+Inf", 10)], 'route="/api/v1/quotes/{symbol}",status="200",')
    health = histogram("stk_api_request_seconds", [("0.01", 0), ("5.0", 90), ("+Inf", 90)], 'route="/health",status="200",')
    assert value("api_p95", "", quotes + health.partition("\n")[2]) == 10, "probes of health are not users"


def test_errors_are_answers_of_five_hundred_and_above():
    def answers(ok: int, broken: int) -> str:
        good = histogram("stk_api_request_seconds", [("+Inf", ok)], 'route="/x",status="404",')
        return good + histogram("stk_api_request_seconds", [("+Inf", broken)], 'route="/x",status="503",').partition("\n")[2]

    assert value("api_errors", answers(5, 2), answers(9, 2)) == 0
    assert value("api_errors", answers(5, 2), answers(9, 5)) == 3


def test_a_missed_update_breaks_the_promise_of_all():
    def gaps(count: int) -> str:
        return f"# TYPE ws_gaps_given_up counter\nws_gaps_given_up_total {count}\n"

    assert row("ws_reach", "ws", gaps(4), gaps(4))[2:4] == ("none missed", "4 missed")
    assert row("ws_reach", "ws", gaps(4), gaps(4))[-1] == "", "what is over is shown, not marked"
    assert row("ws_reach", "ws", gaps(4), gaps(5))[-1] == "✗"


def test_a_node_that_does_not_hear_redis_is_marked():
    def degraded(flag: int) -> str:
        return f"# TYPE ws_degraded gauge\nws_degraded {flag}\n"

    assert row("pubsub", "ws", degraded(0), degraded(0))[2:] == ("holds", "holds", "whether every node hears Redis", "")
    assert row("pubsub", "ws", degraded(0), degraded(1))[2::3] == ("broken", "✗")


def test_a_percentile_in_the_limits_own_bucket_keeps_the_promise():
    at = histogram("ws_publish_to_receive_seconds", [("0.025", 0), ("0.05", 100), ("0.1", 100), ("+Inf", 100)])
    above = histogram("ws_publish_to_receive_seconds", [("0.05", 0), ("0.1", 100), ("+Inf", 100)])
    nothing = receives(0, 0)
    assert row("redis_latency", "ws", nothing, at)[1:] == (
        "p99 < 50 ms",
        "<= 50 ms",
        "<= 50 ms",
        "publication to the ws node",
        "",
    )
    assert row("redis_latency", "ws", nothing, above)[-1] == "✗"


def test_a_service_that_cannot_be_read_is_not_taken_for_well():
    rows = promise_rows(OBJECTIVES, {}, {})
    assert len(rows) == len(SHOWN)
    assert {found[2:4] for found in rows} == {("nothing seen", "nothing seen")}, "no answer is not no fault"
