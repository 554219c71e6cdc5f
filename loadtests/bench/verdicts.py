"""What the rows of the fan-out bench mean: the table, and one line per goal. Only rows of one run are compared."""

from loadtests.bench.loads import CPU_RATIO, EDGE_RATIO, KIB_PER_CONNECTION, LOADS, P99_MS, SCALING
from loadtests.bench.measurement import Row

MAX_GENERATOR_CPU = 0.85
"""Of its core; above, the generator may be what is measured."""
MAX_READ_DELAY_SHARE = 0.25
"""Of the p99 a row shows; above, that p99 is in part the generator's own."""


def judge(rows: list[Row]) -> list[str]:
    """One line per goal: value, limit, verdict; what the generator spoilt is called inconclusive."""
    lines: list[str] = []
    for load in LOADS:
        table = {row["server"]: row for row in rows if row["load"] == load}
        if "ours" not in table:
            continue
        lines += [f"{load}: {line}" for line in (*_own(load, table), *_against(load, table), *_edge(table), *_scaling(table))]
        lines += [f"{load}: {line}" for row in table.values() for line in _doubts(row)]
    return lines


def _verdict(text: str, goal: str, is_met: bool) -> str:
    return f"{text} (goal {goal}) {'met' if is_met else 'MISSED'}"


def _own(load: str, table: dict[str, Row]) -> list[str]:
    ours = table["ours"]
    lines = [_verdict(f"reach {ours['reach']:.2%}", "100 %", ours["reach"] >= 1)]
    if load in P99_MS:
        lines.append(_verdict(f"p99 {ours['p99_ms']:.1f} ms", f"<= {P99_MS[load]:g}", ours["p99_ms"] <= P99_MS[load]))
    kib = ours["kib_per_connection"]
    lines.append(_verdict(f"{kib:.1f} KiB per client", f"<= {KIB_PER_CONNECTION:g}", kib <= KIB_PER_CONNECTION))
    if "null" in table:
        reach, p99, cpu = (table["null"][key] for key in ("reach", "p99_ms", "generator_cpu"))
        lines.append(f"the generator alone: reach {reach:.2%}, p99 {p99:.1f} ms, {cpu:.0%} CPU, both ends of every socket in it")
    return lines


def _against(load: str, table: dict[str, Row]) -> list[str]:
    ours, goals = table["ours"], CPU_RATIO.get(load, {})
    lines = []
    for name, other in table.items():
        if name in ("ours", "null", "edge", "two-nodes"):
            continue
        if other["run"] != ours["run"]:
            lines.append(f"{name}: measured in another run, not compared; measure them together: --loads {load}")
            continue
        ratio = ours["cpu_s_per_million"] / other["cpu_s_per_million"]
        text = f"CPU per delivery {ratio:.2f} x {name} (p99 there {other['p99_ms']:.1f} ms, reach {other['reach']:.1%})"
        lines.append(_verdict(text, f"<= {goals[name]:g}", ratio <= goals[name]) if name in goals else text)
    return lines


def _edge(table: dict[str, Row]) -> list[str]:
    if "edge" not in table:
        return []
    ours, edge = table["ours"], table["edge"]
    ratio = edge["p99_ms"] / ours["p99_ms"]
    nodes, own = edge["cpu_s_per_million"], edge["edge_cpu_s_per_million"]
    return [
        _verdict(f"reach {edge['reach']:.2%} through the edge", "100 %", edge["reach"] >= 1),
        _verdict(
            f"p99 {edge['p99_ms']:.1f} ms, {ratio:.2f} x bare (p50 {edge['p50_ms']:.1f}, bare {ours['p50_ms']:.1f} ms)",
            f"<= {EDGE_RATIO:g}", ratio <= EDGE_RATIO,
        ),
        f"the edge's share: {own:.1f} of {own + nodes:.1f} CPU s per million ({own / (own + nodes):.0%}), "
        f"{edge['p99_ms'] - ours['p99_ms']:+.1f} ms at p99",
    ]  # fmt: skip


def _scaling(table: dict[str, Row]) -> list[str]:
    if "two-nodes" not in table:
        return []
    one, two = table["ours"], table["two-nodes"]
    scale = 2 * one["node_cpu"] / two["node_cpu"]
    text = (
        f"twice the clients on two nodes cost {two['node_cpu']:.1%} of a core each, one node {one['node_cpu']:.1%}: "
        f"scales {scale:.2f} x (p99 {two['p99_ms']:.1f}, one node {one['p99_ms']:.1f} ms)"
    )
    return [_verdict(text, f">= {SCALING:g}", scale >= SCALING)]


def _doubts(row: Row) -> list[str]:
    name, delay = row["server"], row["read_delay_p99_ms"]
    doubts: list[str] = []
    if name == "null":
        return doubts
    if row["generator_cpu"] > MAX_GENERATOR_CPU:
        doubts.append(f"INCONCLUSIVE for {name}: the generator used {row['generator_cpu']:.0%} of its core")
    if delay > max(1.0, MAX_READ_DELAY_SHARE * row["p99_ms"]):
        doubts.append(f"INCONCLUSIVE p99 of {name}: the generator itself read up to {delay:.1f} ms late")
    return doubts


def show(rows: list[Row]) -> None:
    """A table on stdout."""
    heads = f"{'load':13} {'server':15} {'clients':>7} {'of':>8} {'msg/s':>7} {'reach':>8} {'p50':>7} {'p95':>7} {'p99 ms':>7}"
    print(f"{heads} {'s/M':>6} {'edge s/M':>8} {'KiB/conn':>8} {'gen':>5} {'late ms':>7}")
    for row in rows:
        interest = f"{row['symbols_per_client']}/{row['symbols']}"
        print(
            f"{row['load']:13} {row['server']:15} {row['clients']:7} {interest:>8} {row['deliveries_per_second']:7.0f} "
            f"{row['reach']:8.2%} {row['p50_ms']:7.1f} {row['p95_ms']:7.1f} {row['p99_ms']:7.1f} {row['cpu_s_per_million']:6.2f} "
            f"{row['edge_cpu_s_per_million']:8.2f} {row['kib_per_connection']:8.1f} {row['generator_cpu']:5.0%} "
            f"{row['read_delay_p99_ms']:7.1f}"
        )
