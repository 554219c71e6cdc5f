"""`alerts`: Prometheus rules that fire while a promise of objectives.toml is broken, as far as metrics show it.

Services' metrics show the nine of promises.py; the prober (`python -m smoke --watch`) shows those that smoke checks. Where rules
are loaded and whom an alert reaches is monitoring's business.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ops.promises import SHOWN
from services.contract.objectives import Objective, Objectives

PATIENCE = {"service": "2m", "prober": "1m"}
GROUP = "promises"


@dataclass(frozen=True)
class Rule:
    """One alerting rule."""

    name: str
    expression: str
    wait: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def rules(objectives: Objectives) -> list[Rule]:
    """Every promise that metrics show; one that both show has two rules."""
    return [rule for objective in objectives.objective for rule in _of(objective)]


def _of(objective: Objective) -> Iterator[Rule]:
    if objective.id in SHOWN:
        _, sign, seen = SHOWN[objective.id]
        yield _rule(objective, "service", sign.rule(objective), seen)
    if objective.measured_by == "smoke":
        yield _rule(objective, "prober", f'smoke_check_up{{check="{objective.id}"}} == 0', objective.measured_at)


def _rule(objective: Objective, seen_by: str, expression: str, seen: str) -> Rule:
    words = [objective.id, *(["probe"] if seen_by == "prober" else [])]
    return Rule(
        name="Promise" + "".join(part.capitalize() for word in words for part in word.split("_")),
        expression=expression,
        wait=PATIENCE[seen_by],
        labels={"promise": objective.id, "seed": objective.seed, "seen_by": seen_by},
        annotations={
            "summary": f"Broken: {objective.promise}",
            "description": f"{objective.metric}: promised {objective.target()}. Seen: {seen}.",
        },
    )


def as_yaml(objectives: Objectives) -> str:
    """A rule file. Texts are written as JSON strings, which YAML reads alike."""
    lines = ["# Made from objectives.toml by `python -m ops alerts`.", "groups:", f"  - name: {GROUP}", "    rules:"]
    for rule in rules(objectives):
        lines += [f"      - alert: {rule.name}", f"        expr: {json.dumps(rule.expression)}", f"        for: {rule.wait}"]
        for name, values in (("labels", rule.labels), ("annotations", rule.annotations)):
            lines.append(f"        {name}:")
            lines += [f"          {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"
