"""The report as one HTML page that needs nothing else: no host, no script, readable in print and by a screen reader."""

from collections.abc import Iterable
from html import escape
from typing import Any

from loadtests.machine import describe
from loadtests.proof import plots
from loadtests.proof.evidence import Row
from loadtests.proof.report import Report, commit, generator_cpu
from loadtests.reading import LATENCY
from loadtests.results import number
from services.contract.objectives import Verdict

WORDS = {
    Verdict.MET: "kept",
    Verdict.MISSED: "broken",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.NOT_MEASURED: "not measured",
}
STYLE = """
:root{color-scheme:light;--ink:#111827;--soft:#6b7280;--line:#e5e7eb;--good:#166534;--bad:#b91c1c;--open:#92400e}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);max-width:1180px;margin:32px auto;padding:0 20px}
h1{font-size:26px;margin:0}h2{font-size:18px;margin:36px 0 8px}
.sum{display:flex;gap:28px;margin:18px 0;flex-wrap:wrap}.sum div{border-left:4px solid var(--line);padding-left:10px}
.sum b{display:block;font-size:24px}.met b{color:var(--good)}.missed b{color:var(--bad)}.open b{color:var(--open)}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:6px 8px;border-bottom:1px solid var(--line);vertical-align:top}
th{font-size:12px;color:var(--soft);font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.v{font-weight:600;white-space:nowrap}.v.met{color:var(--good)}.v.missed,.v.none{color:var(--bad)}.v.open{color:var(--open)}
small{color:var(--soft);display:block}.why{color:var(--bad)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(440px,1fr));gap:18px}
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#6b7280}svg .title{font-weight:600;fill:#111827}
svg .grid{stroke:#e5e7eb}svg .mark{fill:#b45309}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
@media print{body{margin:0}.plots{grid-template-columns:1fr 1fr}}
"""


def render(report: Report) -> str:
    """The whole page."""
    parts = [
        f"<h1>{escape(_headline(report))}</h1>",
        f"<p>Stock Tracker at {escape(report.access.base_url)}, {report.made:%d %B %Y, %H:%M} UTC. "
        "Every promise of the design with what was measured for it; a promise without a measurement counts as broken.</p>",
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
    broken = sum(row.verdict in (Verdict.MISSED, Verdict.NOT_MEASURED) for row in report.rows)
    unclear = sum(row.verdict is Verdict.INCONCLUSIVE for row in report.rows)
    if report.regressions:
        return f"{len(report.regressions)} figures got worse than before"
    if broken:
        return f"{broken} of {len(report.rows)} promises are not kept"
    return (
        f"{unclear} of {len(report.rows)} promises could not be judged"
        if unclear
        else f"All {len(report.rows)} promises are kept"
    )


def _summary(rows: Iterable[Row]) -> str:
    found = [row.verdict for row in rows]
    shown = [("met", Verdict.MET), ("missed", Verdict.MISSED), ("missed", Verdict.NOT_MEASURED), ("open", Verdict.INCONCLUSIVE)]
    cells = [f'<div class="{kind}"><b>{found.count(verdict)}</b>{WORDS[verdict]}</div>' for kind, verdict in shown]
    return f'<div class="sum">{"".join(cells)}</div>'


def _table(rows: Iterable[Row]) -> str:
    heads = ["promise", "target", "own goal", "measured", "p50", "p95", "p99", "samples", "verdict"]
    cells = "".join(f'<th scope="col"{"" if head in ("promise", "verdict") else " class=n"}>{head}</th>' for head in heads)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{''.join(_row(row) for row in rows)}</tbody></table>"


def _row(row: Row) -> str:
    objective = row.objective
    kind = {Verdict.MET: "met", Verdict.MISSED: "missed", Verdict.NOT_MEASURED: "none", Verdict.INCONCLUSIVE: "open"}[row.verdict]
    facts = f"{objective.seed} {objective.id}: {objective.metric}; {objective.measured_at}"
    facts += f"; load {objective.load}" if objective.load else ""
    text = f"{escape(objective.promise)}<small>{escape(facts)}</small>"
    text += "".join(f'<small class="why">{escape(reason)}</small>' for reason in row.reasons)
    text += "".join(f"<small>{escape(note)}</small>" for note in row.notes)
    verdict = WORDS[row.verdict] + (", goal missed" if row.verdict is Verdict.MET and not row.meets_goal else "")
    verdict += "<small>lighter load than promised</small>" if row.is_lighter else ""
    plain = objective.statistic == "verdict"
    numbers = [
        objective.target(),
        "-" if plain else number(objective.goal),
        "-"
        if row.measured is None
        else ("holds" if row.measured else "fails")
        if plain
        else f"{number(row.measured)} {objective.unit}",
        *(number(value) for value in (row.p50, row.p95, row.p99)),
        str(row.samples or "-"),
    ]
    cells = "".join(f'<td class="n">{escape(value)}</td>' for value in numbers)
    return f'<tr><td>{text}</td>{cells}<td class="v {kind}">{verdict}</td></tr>'


def _plots(report: Report) -> Iterable[str]:
    for profile, data in report.evidence.loads.items():
        for stage in data["stages"]:
            yield from _stage_plots(profile, stage)
    if knee := report.evidence.knee:
        held = [(step["rate"] / 1000, step["p99"]) for step in knee["steps"] if step["p99"] is not None]
        yield plots.lines("Redis pub/sub: p99 by thousand updates a second", "ms", {"p99": held}, limit=50.0)


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
        "machine before the steps": ", ".join(f"{name} {busy:.0f} %" for name, busy in report.evidence.busy.items()),
        **{f"step {name}": text for name, text in report.evidence.failures.items()},
    }
    shown = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    return f"<h2>What was measured, on what</h2><dl>{shown}</dl>"
