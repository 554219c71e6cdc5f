"""Up, once and again: in the order of health, and then nothing to do."""

import re
import time

import pytest

from ops.inventory import KINDS, SERVICE
from ops.tests.stack.observed import REPLICAS, STACK_NAME, by_service, containers, counts

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


READY_SECONDS, UNCHANGED_SECONDS = 180, 60


def test_a_second_checkout_on_a_machine_is_ready_in_under_a_minute(up_once):
    print(f"\nready in {up_once['ready_seconds']:.1f} s")
    assert up_once["ready_seconds"] < READY_SECONDS, "nothing may be built again for a second checkout"


def test_the_automation_api_brings_everything_up_healthy(up_once, engine):
    assert up_once["result"].summary.result == "succeeded"
    assert set(up_once["outputs"]) == {"url", "apiUrl", "wsUrl", "images", "release"}
    assert counts(engine) == REPLICAS
    for container in containers(engine):
        health = container.attrs["State"].get("Health", {}).get("Status")
        if container.labels[SERVICE] == "migration":
            assert container.attrs["State"]["ExitCode"] == 0
        else:
            assert health == "healthy", f"{container.name} is {health}"


def test_each_part_began_only_when_what_it_needs_was_healthy(up_once):
    began: dict[str, int] = {}
    ended: dict[str, int] = {}
    for number, event in enumerate(up_once["events"]):
        for moment, kind in ((began, event.resource_pre_event), (ended, event.res_outputs_event)):
            if kind and kind.metadata.type == KINDS["container"]:
                moment[kind.metadata.urn.rpartition("::")[2]] = number

    def of(moment, service):
        return [at for name, at in moment.items() if re.fullmatch(rf"stock-tracker-{STACK_NAME}-{service}(-\d)?", name)]

    for service, needed in (("migration", "database"), ("api", "migration"), ("api", "redis"), ("ws", "api"), ("web", "ws"),
                            ("edge", "web"), ("edge", "api"), ("edge", "ws")):  # fmt: skip
        assert of(began, service), f"{service} never began"
        assert min(of(began, service)) > max(of(ended, needed)), f"{service} began before {needed} was ready"


def test_a_second_up_changes_nothing_and_is_quick(checkout, up_once, engine):
    before = by_service(engine)
    began = time.monotonic()
    done = checkout.ops("up")
    took = time.monotonic() - began
    assert done.returncode == 0, done.stdout
    assert "no changes" in done.stdout
    assert "20/20 ok" in done.stdout or re.search(r"(\d+)/\1 ok", done.stdout), "the platform must be checked from outside"
    for part in ("page", "API", "socket", "release", "make down"):
        assert part in done.stdout, "who brought it up must see where it is and what to type next"
    assert by_service(engine) == before
    print(f"\nsecond up, nothing changed: {took:.1f} s")
    assert took < UNCHANGED_SECONDS, f"{took:.1f} s\n{done.stdout}"


def test_preview_and_refresh_find_nothing(checkout, up_once):
    preview = checkout.pulumi("preview", "--expect-no-changes")
    assert preview.returncode == 0, preview.stdout
    refresh = checkout.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert refresh.returncode == 0, refresh.stdout


def test_status_is_whole(checkout, up_once):
    done = checkout.ops("status")
    assert done.returncode == 0, done.stdout
    assert "whole" in done.stdout
