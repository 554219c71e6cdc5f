"""A second checkout on the same engine."""

import httpx
import pytest

from ops.access import ROOT
from ops.inventory import Inventory
from ops.tests.checkout import Checkout, free_port
from ops.tests.stack.observed import STACK_NAME, by_service, volumes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def test_another_checkout_with_the_same_stack_name_is_told_and_touches_nothing(checkout, up_once, engine):
    other = Checkout(ROOT, STACK_NAME)
    before = by_service(engine), volumes(engine)
    assert other.run("tools/bootstrap").returncode == 0
    try:
        done = other.ops("up")
    finally:
        other.pulumi("stack", "rm", "--yes", "--force")
        (ROOT / f"Pulumi.{STACK_NAME}.yaml").unlink(missing_ok=True)
    assert done.returncode == 2
    assert "in use on this engine by checkout" in done.stdout, done.stdout
    assert "config set port" in done.stdout, "how to choose others must be said"
    assert (by_service(engine), volumes(engine)) == before


def test_with_another_name_and_port_both_run_side_by_side(checkout, up_once, engine, url):
    other = Checkout(ROOT, f"{STACK_NAME}2")
    before = by_service(engine), volumes(engine)
    assert other.run("tools/bootstrap").returncode == 0
    port = free_port()
    other.configure(port=port, keepData="false", apiReplicas=1, wsReplicas=1, webReplicas=1)
    try:
        done = other.ops("up")
        assert done.returncode == 0, done.stdout
        for address in (url, f"http://127.0.0.1:{port}"):
            assert httpx.get(f"{address}/api/v1/quotes").status_code == 200, f"{address} must serve beside the other"
        assert (by_service(engine), volumes(engine)) == before, "the first one must not be touched"
    finally:
        down = other.ops("down")
        other.pulumi("stack", "rm", "--yes", "--force")
        (ROOT / f"Pulumi.{other.stack_name}.yaml").unlink(missing_ok=True)
    assert down.returncode == 0, down.stdout
    assert Inventory().of_stack(f"stock-tracker/{other.stack_name}") == [], "nothing of the second may be left"
    assert (by_service(engine), volumes(engine)) == before
