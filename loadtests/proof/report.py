"""The run as data: what the three files are made of. Says which code, images and machine the figures belong to."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from loadtests.gate import Exit
from loadtests.machine import describe
from loadtests.proof.baseline import Comparison
from loadtests.proof.evidence import Evidence, Row
from ops.access import ROOT, Access
from services.contract.objectives import Verdict


@dataclass(frozen=True)
class Report:
    """Everything the HTML, JSON and JUnit files show."""

    rows: list[Row]
    evidence: Evidence
    access: Access
    images: dict[str, str]
    comparisons: list[Comparison] = field(default_factory=list)
    saved_runs: int = 0
    made: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def regressions(self) -> list[Comparison]:
        """Promises that got worse beyond noise."""
        return [comparison for comparison in self.comparisons if comparison.is_regression]

    @property
    def exit_code(self) -> Exit:
        """MISSED when a promise is broken or unmeasured, or something got worse; else INCONCLUSIVE when one is; else MET."""
        verdicts = {row.verdict for row in self.rows}
        if verdicts & {Verdict.MISSED, Verdict.NOT_MEASURED} or self.regressions:
            return Exit.MISSED
        return Exit.INCONCLUSIVE if Verdict.INCONCLUSIVE in verdicts else Exit.MET


def commit() -> str:
    """The commit of the checkout; `+` when files differ from it."""
    try:
        name = _git("rev-parse", "--short=12", "HEAD")
        return name + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def generator_cpu(evidence: Evidence) -> dict[str, list[float]]:
    """Percent of one core per Locust process, by profile and kind of user."""
    return {
        f"{profile} {stage['user']}": [round(cpu, 1) for cpu in stage["reading"]["cpu"]]
        for profile, data in evidence.loads.items()
        for stage in data["stages"]
    }


def priorities(evidence: Evidence) -> set[str]:
    """How the operating system scheduled the Locust processes: ahead of others where it lets them."""
    stages = [stage for data in evidence.loads.values() for stage in data["stages"]]
    return {stage["reading"].get("priority") or "unknown" for stage in stages}


def as_data(report: Report) -> dict[str, Any]:
    """The JSON file."""
    return {
        "time": report.made.isoformat(timespec="seconds"),
        "commit": commit(),
        "baseUrl": report.access.base_url,
        "release": report.access.expected_release,
        "images": report.images,
        "machine": describe(),
        "generatorCpu": generator_cpu(report.evidence),
        "generatorScheduled": sorted(priorities(report.evidence)),
        "machineBusyBefore": {name: round(busy, 1) for name, busy in report.evidence.busy.items()},
        "exitCode": int(report.exit_code),
        "promises": [row_data(row) for row in report.rows],
        "knee": report.evidence.knee,
        "pageLoadsMs": report.evidence.page_ms,
        "steps": report.evidence.failures,
        "baseline": {
            "runs": report.saved_runs,
            "compared": [
                {
                    "id": comparison.objective.id,
                    "measured": comparison.measured,
                    "median": comparison.median,
                    "noise": comparison.noise,
                    "regression": comparison.is_regression,
                }
                for comparison in report.comparisons
            ],
        },
    }


def row_data(row: Row) -> dict[str, Any]:
    """One promise."""
    objective = row.objective
    return {
        "id": objective.id,
        "seed": objective.seed,
        "promise": objective.promise,
        "metric": objective.metric,
        "measuredAt": objective.measured_at,
        "load": objective.load,
        "target": objective.target(),
        "limit": objective.limit,
        "goal": objective.goal,
        "unit": objective.unit,
        "measured": row.measured,
        "p50": row.p50,
        "p95": row.p95,
        "p99": row.p99,
        "samples": row.samples,
        "verdict": row.verdict.value,
        "goalMet": row.meets_goal,
        "lighterLoad": row.is_lighter,
        "reasons": row.reasons,
        "notes": row.notes,
    }


def as_junit(rows: Sequence[Row]) -> str:
    """One case per promise: broken and unmeasured ones fail, inconclusive ones are errors."""
    failed = [row for row in rows if row.verdict in (Verdict.MISSED, Verdict.NOT_MEASURED)]
    unclear = [row for row in rows if row.verdict is Verdict.INCONCLUSIVE]
    counts = {"tests": str(len(rows)), "failures": str(len(failed)), "errors": str(len(unclear)), "time": "0"}
    suites = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": "promises", "skipped": "0", **counts})
    for row in rows:
        named = {"name": row.objective.id, "classname": f"promises.{row.objective.seed}", "time": "0"}
        case = ElementTree.SubElement(suite, "testcase", named)
        properties = ElementTree.SubElement(case, "properties")
        shown = {"target": row.objective.target(), "measured": str(row.measured), "samples": str(row.samples)}
        for name, value in shown.items():
            ElementTree.SubElement(properties, "property", {"name": name, "value": value})
        if row.verdict is not Verdict.MET:
            kind = "error" if row in unclear else "failure"
            ElementTree.SubElement(case, kind, {"message": f"{row.verdict.value}: {'; '.join(row.reasons)}"})
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"
