"""`python -m loadtests.proof` (make proof): out/proof/report.{html,json,xml}.

Exit 0 every promise kept, 1 one broken, unmeasured or worse than before, 2 configuration, 4 one could not be judged.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from loadtests.gate import Exit
from loadtests.machine import TooFewHandlesError, require_handles
from loadtests.proof import baseline
from loadtests.proof.evidence import conclude
from loadtests.proof.page import render
from loadtests.proof.report import Report, as_data, as_junit
from loadtests.proof.steps import STEP_NAMES, Run, take
from loadtests.results import MARK, number
from ops.access import ROOT, Access, AccessError, add_access_options, find_access
from ops.containers import ContainersError, StackEngine
from services.contract.objectives import ObjectivesError, load_objectives


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m loadtests.proof", description="Measures every promise and writes one report.")
    add_access_options(made)
    made.add_argument("--steps", default=",".join(STEP_NAMES), help="comma list; what is left out is red (default: all)")
    made.add_argument("--output", type=Path, default=ROOT / "out" / "proof", help="folder (default out/proof)")
    made.add_argument("--baseline", type=Path, default=ROOT / "out" / "baseline.json", help="saved runs to compare with")
    made.add_argument("--save-baseline", action="store_true", help="save this run too, when nothing is broken")
    made.add_argument("--strict", action="store_true", help="neighbours on a busy machine do not excuse a slow figure")
    made.add_argument("--at-most-users", type=int, help="fewer users than promised; the report says so")
    made.add_argument("--hold-seconds", type=float, help="hold for this time instead of the promised one")
    return made


def set_up(options: argparse.Namespace) -> tuple[Run, list[str], baseline.Runs]:
    """Check everything that can be wrong before the first second is spent.

    Raises:
        AccessError, ObjectivesError, BaselineError, TooFewHandlesError, ValueError: one sentence each.
    """
    names = [name for name in options.steps.split(",") if name]
    if unknown := [name for name in names if name not in STEP_NAMES]:
        raise ValueError(f"no step is called {', '.join(unknown)}. There are: {', '.join(STEP_NAMES)}")
    objectives = load_objectives()
    saved = baseline.load(options.baseline)
    require_handles(objectives.load["ws1000"].users)
    access = find_access(options.base_url, options.client_key_file, options.control_key_file, None, options.stack)
    words = []
    for name in ("client_key_file", "control_key_file", "stack"):
        if value := getattr(options, name):
            words += [f"--{name.replace('_', '-')}", value]
    words += ["--base-url", access.base_url]
    run = Run(access, objectives, words, options.output, options.at_most_users, options.hold_seconds, options.strict)
    return run, names, saved


def images_of(access: Access) -> dict[str, str]:
    """Image digest by service, where the stack runs on this engine."""
    try:
        with StackEngine(access.base_url, access.stack) as engine:
            return {container.service: container.image for container in engine.containers()}
    except ContainersError:
        return {}


def write(report: Report, folder: Path) -> None:
    """The three files."""
    (folder / "report.html").write_text(render(report), encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(as_data(report), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "report.xml").write_text(as_junit(report.rows), encoding="utf-8")


def tell(report: Report, folder: Path) -> None:
    """The table for the terminal."""
    print(f"\n{'promise':<22}{'target':<24}{'measured':>12}{'samples':>10}  verdict")
    for row in report.rows:
        name = f"{row.objective.seed} {row.objective.id}"
        print(f"{name:<22}{row.objective.target():<24}{number(row.measured):>12}{row.samples:>10}  {MARK[row.verdict]}")
        for reason in row.reasons:
            print(f"    {reason}")
    for worse in report.regressions:
        print(f"worse than before: {worse.objective.id} {number(worse.measured)}, median {number(worse.median)}")
    code = report.exit_code
    print(f"\n{folder / 'report.html'}\n{code.name.lower()} (exit {code.value})")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        run, names, saved = set_up(options)
    except (AccessError, ObjectivesError, baseline.BaselineError, TooFewHandlesError, ValueError) as error:
        print(f"proof: {error}", file=sys.stderr)
        return Exit.CONFIG
    options.output.mkdir(parents=True, exist_ok=True)
    for old in options.output.glob("*.json"):
        old.unlink()  # a step that fails must not find yesterday's result
    evidence = take(run, names)
    rows = conclude(evidence, run.objectives)
    report = Report(rows, evidence, run.access, images_of(run.access), baseline.compare(rows, saved), len(saved))
    write(report, options.output)
    tell(report, options.output)
    if options.save_baseline and report.exit_code is not Exit.MISSED:
        baseline.add(options.baseline, saved, rows)
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
