"""Rules that can fire: every metric, label and bound they name is one the services really show, and every limit is the file's."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ops.alerts import as_yaml, rules
from ops.promises import NOT_SHOWN, SHOWN, Slow, read_samples
from services.api.app import create_app
from services.api.platform import assemble
from services.api.settings import Settings
from services.contract.closing import Close
from services.contract.endpoints import METRICS, QUOTES
from services.contract.objectives import load_objectives
from services.ws.tests.conftest import running_node
from smoke.runner import all_checks

OBJECTIVES = load_objectives()
PROBER = {"smoke_check_up"}
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


async def api_text() -> str:
    """The API's page after one request for a quote."""
    platform = assemble(Settings.model_validate({"redis_port": 1, "node_id": "api-test"}))
    transport = httpx.ASGITransport(create_app(platform), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        await client.get(f"{QUOTES}/NOPE")
        return (await client.get(METRICS)).text


async def ws_text(tmp_path) -> str:
    """A node's page."""
    key = tmp_path / "client_key"
    key.write_text("a-key")
    async with running_node(client_key_file=key) as rig, httpx.AsyncClient() as client:
        return (await client.get(f"http://127.0.0.1:{rig.node.port}{METRICS}")).text


def names_of(text: str) -> set[str]:
    families = text_string_to_metric_families(text)
    return {family.name + suffix for family in families for suffix in SUFFIXES.get(family.type, ())}


def metrics_in(expression: str) -> set[str]:
    """Names before a selector, a range or a comparison; functions stand before a bracket of the round kind."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    found = set(re.findall(r"\b([a-z][a-z0-9_]{4,})\b(?=[{\[)])", bare))
    return {name for name in found if "_" in name}


async def test_every_metric_a_rule_uses_is_one_the_services_show(tmp_path):
    shown = names_of(await api_text()) | names_of(await ws_text(tmp_path)) | PROBER
    assert "stk_api_request_seconds_bucket" in shown, "the page itself must have been read"
    for rule in rules(OBJECTIVES):
        used = metrics_in(rule.expression)
        assert used, f"{rule.name} names no metric: {rule.expression}"
        assert used <= shown, f"{rule.name} would never fire: {used - shown} is shown by nobody"


async def test_every_limit_of_a_percentile_is_a_bound_of_its_histogram(tmp_path):
    samples = read_samples([await api_text(), await ws_text(tmp_path)])
    bounds = {(sample.name, sample.labels["le"]) for sample in samples if sample.name.endswith("_bucket")}
    slow = {identifier: sign for identifier, (_, sign, _) in SHOWN.items() if isinstance(sign, Slow)}
    assert len(slow) >= 5
    for identifier, sign in slow.items():
        wanted = (f"{sign.metric}_bucket", str(OBJECTIVES[identifier].limit / 1000))
        assert wanted in bounds, f"{identifier}: the share within the limit cannot be counted, {wanted} is no bucket"
        rule = next(rule for rule in rules(OBJECTIVES) if rule.labels["promise"] == identifier)
        assert f'le="{wanted[1]}"' in rule.expression, "the rule asks for the limit of objectives.toml"


def test_causes_and_checks_that_rules_name_exist():
    ends = {close.name.lower() for close in Close}
    assert set(SHOWN["ws_closes"][1].labels["cause"]) <= ends, "a cause nobody gives is never counted"
    probed = {rule.labels["promise"] for rule in rules(OBJECTIVES) if rule.labels["seen_by"] == "prober"}
    assert probed == {"web_page", "api_health", "ws_connect", "pubsub", "e2e_flow"}
    assert probed <= {check.name for check in all_checks()}, "the prober must run what the rule asks for"


def test_each_promise_is_shown_or_has_a_reason_why_not():
    named = [*SHOWN, *NOT_SHOWN]
    assert sorted(named) == sorted(row.id for row in OBJECTIVES.objective), "a new promise needs a place in ops/promises.py"


def test_a_counter_that_must_not_rise_stands_for_a_promise_of_none():
    for identifier in ("api_errors", "ws_closes"):
        assert OBJECTIVES[identifier].limit == 0, "the rule says > 0 because the promise says none"
    assert OBJECTIVES["ws_reach"].limit == 100


def test_a_changed_limit_changes_its_rule():
    laxer = OBJECTIVES.model_copy(deep=True)
    rows = [row.model_copy(update={"limit": 250.0}) if row.id == "redis_latency" else row for row in laxer.objective]
    changed = as_yaml(laxer.model_copy(update={"objective": rows}))
    assert 'ws_publish_to_receive_seconds_bucket{le=\\"0.25\\"}' in changed, "limits come from the file, not from this code"
    assert changed != as_yaml(OBJECTIVES)


def test_the_file_has_the_structure_prometheus_reads():
    yaml = pytest.importorskip("yaml")
    (group,) = yaml.safe_load(as_yaml(OBJECTIVES))["groups"]
    assert set(group) == {"name", "rules"}
    names = [rule["alert"] for rule in group["rules"]]
    assert len(names) == len(set(names)) == len(rules(OBJECTIVES)) >= 14, "two alerts of one name cannot be told apart"
    for rule, meant in zip(group["rules"], rules(OBJECTIVES), strict=True):
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", rule["alert"])
        assert re.fullmatch(r"\d+m", rule["for"])
        assert rule["expr"] == meant.expression, "the texts survive the file"
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert all(isinstance(text, str) for part in ("labels", "annotations") for text in rule[part].values())


NEEDS_PROMTOOL = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian package prometheus)"
)
FIRES = """
rule_files: [promises.yml]
evaluation_interval: 30s
tests:
  - interval: 30s
    input_series:
      - series: 'ws_publish_to_receive_seconds_bucket{{le="0.05"}}'
        values: '0+{within}x20'
      - series: ws_publish_to_receive_seconds_count
        values: '0+1000x20'
    promql_expr_test: []
    alert_rule_test:
      - alertname: PromiseRedisLatency
        eval_time: 9m
        exp_alerts: {expected}
"""


def promtool(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *words], cwd=folder, capture_output=True, text=True, check=False)


@NEEDS_PROMTOOL
def test_promtool_accepts_the_file(tmp_path):
    (tmp_path / "promises.yml").write_text(as_yaml(OBJECTIVES))
    done = promtool("check", "rules", "promises.yml", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@NEEDS_PROMTOOL
@pytest.mark.parametrize(("within", "fires"), [(991, False), (989, True)])
def test_the_alert_fires_when_more_than_one_percent_is_late_and_not_before(tmp_path, within, fires):
    (tmp_path / "promises.yml").write_text(as_yaml(OBJECTIVES))
    rule = next(rule for rule in rules(OBJECTIVES) if rule.name == "PromiseRedisLatency")
    alert = {"exp_labels": {**rule.labels}, "exp_annotations": {**rule.annotations}}
    (tmp_path / "tests.yml").write_text(FIRES.format(within=within, expected=json.dumps([alert] if fires else [])))
    done = promtool("test", "rules", "tests.yml", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
