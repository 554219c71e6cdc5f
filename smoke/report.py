"""What a smoke run tells: a line per check, JUnit XML, JSON. No key ever gets here, so none can be printed."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ops.access import Access
from smoke.check import Outcome, Result


def line(result: Result, repeat: str) -> str:
    """`name  ms  limit  verdict`; a failure adds expected, got, last error and `repeat`, the command for this check only."""
    verdict = {Outcome.PASSED: "ok", Outcome.FAILED: "FAILED", Outcome.NOT_RUN: "not run"}[result.outcome]
    text = f"{result.check.name:<22}{result.took_ms:>8.0f} ms   limit {result.check.limit_ms:>6.0f} ms   {verdict}"
    if result.outcome is Outcome.FAILED:
        text += f"\n    expected  {result.expected}\n    got       {result.got}"
        text += f"\n    error     {result.last_error}" if result.last_error else ""
        text += f"\n    repeat    {repeat}"
    return text


def as_json(results: Sequence[Result], access: Access, code: int) -> dict[str, Any]:
    """The run as plain data."""
    return {
        "baseUrl": access.base_url,
        "expectedRelease": access.expected_release,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "exitCode": code,
        "checks": [
            {
                "name": result.check.name,
                "group": result.check.group,
                "objective": result.check.objective,
                "ms": round(result.took_ms, 1),
                "limitMs": result.check.limit_ms,
                "outcome": result.outcome.value,
                "expected": result.expected,
                "got": result.got,
                "lastError": result.last_error,
            }
            for result in results
        ],
    }


def as_junit(results: Sequence[Result]) -> str:
    """JUnit XML: one case per check, its time as measured, its limit as a property."""
    failed = sum(result.outcome is Outcome.FAILED for result in results)
    not_run = sum(result.outcome is Outcome.NOT_RUN for result in results)
    seconds = sum(result.took_ms for result in results) / 1000
    counts = {"tests": str(len(results)), "failures": str(failed), "errors": str(not_run), "time": f"{seconds:.3f}"}
    suites = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": "smoke", "skipped": "0", **counts})
    for result in results:
        named = {"name": result.check.name, "classname": f"smoke.{result.check.group}", "time": f"{result.took_ms / 1000:.3f}"}
        case = ElementTree.SubElement(suite, "testcase", named)
        properties = ElementTree.SubElement(case, "properties")
        ElementTree.SubElement(properties, "property", {"name": "limit_ms", "value": f"{result.check.limit_ms:g}"})
        if result.outcome is Outcome.FAILED:
            failure = ElementTree.SubElement(case, "failure", {"message": _xml(f"expected {result.expected}; got {result.got}")})
            failure.text = _xml(result.last_error)
        elif result.outcome is Outcome.NOT_RUN:
            ElementTree.SubElement(case, "error", {"message": "not run: the time of the whole run was over"})
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def write(path: str, text: str) -> None:
    """Write `text`, making the folder."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def write_files(results: Sequence[Result], access: Access, code: int, junit: str | None, json_path: str | None) -> None:
    """Write the files that were asked for."""
    if junit:
        write(junit, as_junit(results))
    if json_path:
        write(json_path, json.dumps(as_json(results, access, code), indent=2, ensure_ascii=False) + "\n")


def _xml(text: str) -> str:
    """`text` without the control characters XML cannot carry."""
    return "".join(character if character >= " " or character in "\t\n" else "\ufffd" for character in text)
