"""Small plots as inline SVG: lines over time, and a distribution. No script, no external file."""

from collections.abc import Mapping, Sequence
from html import escape
from math import log10

WIDTH, HEIGHT = 560, 170
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 26, 26
COLOURS = ("#1d4ed8", "#b45309", "#0f766e", "#6b21a8")

Series = Sequence[tuple[float, float]]


def lines(title: str, unit: str, series: Mapping[str, Series], limit: float | None = None, end: str = "s") -> str:
    """Several lines over seconds (or what `end` says); `limit` as a dashed one."""
    points = [point for line in series.values() for point in line]
    if not points:
        return ""
    last = max(x for x, _ in points) or 1.0
    top = (
        max([y for _, y in points] + ([limit] if limit is not None and limit < 4 * max(y for _, y in points) else [])) * 1.1
        or 1.0
    )
    body = [_axes(title, [(0.0, f"0 {end}"), (last, f"{last:.0f} {end}")], last, top, unit)]
    for colour, line in zip(COLOURS, series.values(), strict=False):
        path = " ".join(f"{_x(x, last):.1f},{_y(y, top):.1f}" for x, y in line)
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    if limit is not None and limit <= top:
        y = _y(limit, top)
        body.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#b91c1c" stroke-dasharray="4 3"/>')
    return _svg(title, body + _legend(list(series)))


def distribution(title: str, counts: Mapping[float, int], marks: Mapping[str, float | None]) -> str:
    """How many samples took how many ms, on a logarithmic scale, with vertical marks."""
    if not counts:
        return ""
    low, high = -2.0, max(2.0, log10(max(counts)) + 0.05)
    width = (high - low) / 80
    bars: dict[int, int] = {}
    for value, count in counts.items():
        slot = int((log10(max(value, 0.01)) - low) / width)
        bars[slot] = bars.get(slot, 0) + count
    top = max(bars.values()) * 1.1
    ticks = [(10.0**power, f"{10.0**power:g} ms") for power in range(-2, int(high) + 1)]
    placed = [(log10(value) - low, text) for value, text in ticks]
    body = [_axes(title, placed, high - low, top, "")]
    for slot, count in bars.items():
        x, next_x, y = _x(slot * width, high - low), _x((slot + 1) * width, high - low), _y(count, top)
        shape = f'x="{x:.1f}" y="{y:.1f}" width="{max(1.0, next_x - x - 0.5):.1f}" height="{HEIGHT - BOTTOM - y:.1f}"'
        body.append(f'<rect {shape} fill="{COLOURS[0]}"/>')
    for name, mark in marks.items():
        if mark is not None and mark > 0:
            x = _x(log10(mark) - low, high - low)
            body.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#b45309" stroke-dasharray="2 2"/>'
            )
            body.append(f'<text x="{x - 3:.1f}" y="{TOP + 9}" text-anchor="end" class="mark">{escape(name)}</text>')
    return _svg(title, body)


def _x(value: float, span: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * value / span


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value, top) / top


def _axes(title: str, ticks: Sequence[tuple[float, str]], span: float, top: float, unit: str) -> str:
    """Title, baseline, a few values along both axes."""
    parts = [f'<text x="{LEFT}" y="14" class="title">{escape(title)}</text>']
    for share in (0, 0.5, 1):
        value = top / 1.1 * share
        y = _y(value, top)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_short(value)}</text>')
    parts.append(f'<text x="4" y="14">{escape(unit)}</text>')
    for position, text in ticks:
        anchor = "end" if position >= span * 0.98 else "middle" if position else "start"
        parts.append(f'<text x="{_x(position, span):.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{escape(text)}</text>')
    return "".join(parts)


def _short(value: float) -> str:
    return f"{value / 1000:.0f}k" if value >= 10_000 else f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _legend(names: Sequence[str]) -> list[str]:
    parts, x = [], WIDTH - RIGHT
    for colour, name in reversed(list(zip(COLOURS, names, strict=False))):
        parts.append(f'<text x="{x}" y="14" text-anchor="end" style="fill:{colour};font-weight:600">{escape(name)}</text>')
        x -= 7 * len(name) + 16
    return parts


def _svg(title: str, body: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(body)}</svg>'
