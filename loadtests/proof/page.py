"""The report as one HTML page that needs nothing else: no host, no script, readable in print and by a screen reader."""

from collections.abc import Iterable
from html import escape
from typing import Any

from loadtests.gate import Exit
from loadtests.machine import describe
from loadtests.proof import plots
from loadtests.proof.evidence import Row
from loadtests.proof.report import Report, commit, generator_cpu, priorities
from loadtests.proof.style import STYLE
from loadtests.reading import LATENCY
from loadtests.results import number
from services.contract.objectives import Verdict

WORDS = {
    Verdict.MET: "kept",
    Verdict.MISSED: "broken",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.NOT_MEASURED: "not measured",
}


def render(report: Report) -> str:
    """The whole page."""
    parts = [
        f'<h1 class="{_colour(report)}">{escape(_headline(report))}</h1>',
        _about(report),
        _summary(report.rows),
        _table(report.rows),
        "<h2>Under load</h2>",
        f'<div class="plots">{"".join(_plots(report))}</div>',
        _baseline(report),
        _surroundings(report),
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
    title = f"<title>{escape(_headline(report))}</title>"
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}{title}<style>{STYLE}</style></head><body>{"".join(parts)}</body></html>\n'
    )


def _headline(report: Report) -> str:
    every = len(report.rows)
    broken = sum(row.verdict in (Verdict.MISSED, Verdict.NOT_MEASURED) for row in report.rows)
    unclear = sum(row.verdict is Verdict.INCONCLUSIVE for row in report.rows)
    if broken:
        return f"{broken} of {every} promises {'is' if broken == 1 else 'are'} not kept"
    if report.regressions:
        return f"{len(report.regressions)} of {every} figures got worse than before"
    return f"{unclear} of {every} promises could not be judged" if unclear else f"All {every} promises are kept"


def _colour(report: Report) -> str:
    return {Exit.MET: "met", Exit.INCONCLUSIVE: "open"}.get(report.exit_code, "missed")


def _about(report: Report) -> str:
    machine = describe()
    text = (
        f"<p>Stock Tracker at {escape(report.access.base_url)}, {report.made:%d %B %Y, %H:%M} UTC, commit {escape(commit())}. "
        f"Measured on {machine['cores']} cores that the platform and its load generator share.</p>"
        '<p class="soft">Every promise of the design with what was measured for it. A promise without a measurement counts as '
        "broken; a figure whose meter cannot be trusted counts as neither kept nor broken.</p>"
    )
    if any(row.is_lighter for row in report.rows):
        text += '<p class="warn">Some loads were lighter than promised: those figures are real, but prove less.</p>'
    return text


def _summary(rows: Iterable[Row]) -> str:
    found = [row.verdict for row in rows]
    shown = [("met", Verdict.MET), ("missed", Verdict.MISSED), ("missed", Verdict.NOT_MEASURED), ("open", Verdict.INCONCLUSIVE)]
    cells = ""
    for kind, verdict in shown:
        count = found.count(verdict)
        cells += f'<div class="{kind if count else "zero"}"><b>{count}</b>{WORDS[verdict]}</div>'
    return f'<div class="sum">{cells}</div>'


HEADS = ("target", "own goal", "measured", "p50", "p95", "p99", "samples")


def _table(rows: Iterable[Row]) -> str:
    cells = "".join(f'<th scope="col" class="n">{head}</th>' for head in HEADS)
    head = f'<tr><th scope="col">promise</th>{cells}<th scope="col">verdict</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{''.join(_row(row) for row in rows)}</tbody></table>"


def _row(row: Row) -> str:
    objective = row.objective
    kind = {Verdict.MET: "met", Verdict.MISSED: "missed", Verdict.NOT_MEASURED: "none", Verdict.INCONCLUSIVE: "open"}[row.verdict]
    facts = f"{objective.seed} {objective.id}: {objective.metric}; {objective.measured_at}"
    facts += f"; load {objective.load}" if objective.load else ""
    text = f"{escape(objective.promise)}<small>{escape(facts)}</small>"
    text += "".join(f'<small class="why">{escape(reason)}</small>' for reason in row.reasons)
    text += "".join(f"<small>{escape(note)}</small>" for note in row.notes)
    verdict = WORDS[row.verdict] + ("<small>own goal missed</small>" if row.verdict is Verdict.MET and not row.meets_goal else "")
    verdict += "<small>lighter load than promised</small>" if row.is_lighter else ""
    numbers = "".join(_cell(head, value) for head, value in zip(HEADS, _numbers(row), strict=True))
    return f'<tr class="{kind}"><td>{text}</td>{numbers}<td class="v {kind}">{verdict}</td></tr>'


def _cell(head: str, value: str) -> str:
    kinds = "n" + (" got" if head == "measured" else "") + (" nil" if value == "-" else "")
    return f'<td class="{kinds}" data-head="{head}">{escape(value)}</td>'


def _numbers(row: Row) -> list[str]:
    """As HEADS names them."""
    objective = row.objective
    plain = objective.statistic == "verdict"
    measured = f"{number(row.measured)} {objective.unit}" if row.measured is not None else "-"
    if plain and row.measured is not None:
        measured = "holds" if row.measured else "fails"
    return [
        objective.target().replace(">=", "≥").replace("<=", "≤"),
        "-" if plain else number(objective.goal),
        measured,
        *(number(value) for value in (row.p50, row.p95, row.p99)),
        f"{row.samples:,}".replace(",", "\u2009") if row.samples else "-",
    ]


def _plots(report: Report) -> Iterable[str]:
    for profile, data in report.evidence.loads.items():
        for stage in data["stages"]:
            if stage["user"] != "publisher":
                yield from _stage_plots(profile if len(data["stages"]) == 1 else f"{profile}, {stage['user']}", stage)
    if knee := report.evidence.knee:
        held = [(step["rate"] / 1000, step["p99"]) for step in knee["steps"] if step["p99"] is not None]
        yield plots.lines("Redis pub/sub: p99 by thousand updates a second", "ms", {"p99": held}, limit=50.0, end="k/s")


def _stage_plots(profile: str, stage: dict[str, Any]) -> Iterable[str]:
    seconds, rows = stage["reading"]["seconds"], stage["reading"]["rows"]
    start = seconds[0]["at"] if seconds else 0.0

    def over_time(name: str) -> list[tuple[float, float]]:
        return [(second["at"] - start, second[name]) for second in seconds if second[name] is not None]

    if stage["user"] == "viewer":
        yield plots.lines(f"{profile}: publish to receive", "ms", {"p50": over_time("p50"), "p99": over_time("p99")}, limit=100.0)
        counts = {float(key): count for key, count in rows.get(LATENCY, {"counts": {}})["counts"].items()}
        yield plots.distribution(f"{profile}: how long the updates took", counts, {"limit": 100.0})
        yield plots.lines(f"{profile}: open sockets", "", {"sockets": over_time("held")})
    else:
        yield plots.lines(f"{profile}: response time", "ms", {"p95": over_time("request_p95")})
        yield plots.lines(f"{profile}: requests a second", "", {"requests": over_time("requests")})
    yield plots.lines(
        f"{profile}: CPU", "%", {"generator, of a core": over_time("cpu"), "machine, of all": over_time("machine_cpu")}
    )


def _baseline(report: Report) -> str:
    if not report.comparisons:
        return f"<h2>Against earlier runs</h2><p>{report.saved_runs} runs are saved; three are needed to know the noise.</p>"
    rows = "".join(
        f'<tr><td>{escape(c.objective.id)}</td><td class="n">{number(c.measured)} {escape(c.objective.unit)}</td>'
        f'<td class="n">{number(c.median)}</td><td class="n">{number(c.noise)}</td>'
        f'<td class="v {"missed" if c.is_regression else "met"}">{"worse" if c.is_regression else "as before"}</td></tr>'
        for c in report.comparisons
    )
    heads = '<th>promise</th><th class="n">now</th><th class="n">median before</th><th class="n">noise</th><th></th>'
    return f"<h2>Against {report.saved_runs} earlier runs</h2><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _surroundings(report: Report) -> str:
    cpu = "; ".join(
        f"{name} {', '.join(f'{value:g} %' for value in values)}" for name, values in generator_cpu(report.evidence).items()
    )
    facts = {
        "commit": commit(),
        "release": report.access.expected_release or "not given",
        **{f"image {name}": digest for name, digest in sorted(report.images.items())},
        **{name: str(value) for name, value in describe().items()},
        "generator CPU": cpu or "-",
        "generator scheduled": ", ".join(sorted(priorities(report.evidence))) or "-",
        "machine before the steps": ", ".join(f"{name} {busy:.0f} %" for name, busy in report.evidence.busy.items()),
        **{f"step {name}": text for name, text in report.evidence.failures.items()},
    }
    shown = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    return f"<h2>What was measured, on what</h2><dl>{shown}</dl>"
