"""What a run brings home in which every promise is kept, to be broken in one place by each test."""

from loadtests.proof import baseline
from loadtests.proof.evidence import Evidence, conclude
from loadtests.proof.report import Report
from loadtests.reading import Second
from ops.access import Access
from services.contract.objectives import Verdict, load_objectives

OBJECTIVES = load_objectives()


def promise(name, measured, verdict="met", **changes):
    found = {"id": name, "verdict": verdict, "measured": measured, "samples": 10, "p50": 1.0, "p95": 2.0, "p99": measured}
    return found | {"reasons": [], "notes": [], "lighterLoad": False} | changes


KNEE = {"rate": 4000.0, "reachedByMeter": False, "steps": [{"rate": 4000.0, "sent": 9, "p50": 0.3, "p99": 8.0}]}


def stage(name, user):
    seconds = [vars(Second(100.0 + i, 10, 1.0, 3.0, 5, 9.0, 1000, 20.0, 50.0)) for i in range(5)]
    rows = {"publish to receive": {"counts": {"3.0": 99, "40.0": 1}}, "reader delay": {"counts": {"0.1": 98, "0.5": 2}}}
    reading = {"cpu": [20.0], "rows": rows, "seconds": seconds, "knee": KNEE if user == "publisher" else None}
    return {"name": name, "user": user, "openedAt": 100.0, "seconds": 5.0, "reading": reading}


def loads():
    sockets = [promise("ws_closes", 0), promise("ws_reach", 100.0), promise("ws_latency", 3.0)]
    calls = [promise(name, 20.0) for name in ("api_p95", "api_warm_p95", "api_warm_p99")] + [promise("api_errors", 0)]
    return {
        "api100": {"promises": calls, "stages": [stage("api100", "caller")]},
        "api100cold": {"promises": [promise("api_cold_p95", 50.0), promise("api_cold_p99", 60.0)], "stages": []},
        "ws1000": {"promises": sockets, "stages": [stage("ws1000", "viewer")]},
        "cache": {"promises": [promise("cache_hits", 98.0), promise("cache_stampede", 1)], "stages": []},
        "pubsub": {"promises": [promise("pubsub_knee", 4000.0)], "stages": [stage("pubsub", "publisher")]},
    }


def smoke(**failed):
    checks = ("web_page", "api_health", "ws_connect", "pubsub", "e2e_flow")
    return {
        "checks": [
            {
                "objective": name,
                "outcome": "failed" if name in failed else "passed",
                "ms": 9.0,
                "expected": "a",
                "got": failed.get(name),
            }
            for name in checks
        ]
    }


def whole(**changes):
    """Evidence in which every promise is kept."""
    evidence = Evidence(
        smoke=smoke(), loads=loads(), null={"promises": [promise("ws_latency", 0.02)]},
        observer={"samples": [[101_000.0, 3.1]] * 50}, page_ms=[700.0] * 10,
        redis_counts={1.0: 990.0, 50.0: 1000.0, float("inf"): 1000.0},
    )  # fmt: skip
    for name, value in changes.items():
        setattr(evidence, name, value)
    return evidence


def red(evidence):
    """Verdicts other than met, by promise."""
    return {row.objective.id: row.verdict for row in conclude(evidence, OBJECTIVES) if row.verdict is not Verdict.MET}


def report(evidence, runs=()):
    rows = conclude(evidence, OBJECTIVES)
    return Report(rows, evidence, Access("http://h:1"), {"api": "sha256:1"}, baseline.compare(rows, runs), len(runs))
