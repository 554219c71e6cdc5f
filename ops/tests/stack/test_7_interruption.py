"""Ctrl-C and SIGKILL at three moments of an update."""

import signal
import time

import httpx
import pytest

from ops.inventory import KINDS
from ops.tests.stack.observed import REPLICAS, by_service, containers, counts, volumes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


class Interruption:
    """Moments of an update that replaces API and sockets (another default symbol is another environment)."""

    @staticmethod
    def at_once(checkout, engine, before):
        return lambda: bool(list(checkout.stack.locks().glob("*.json")))

    @staticmethod
    def while_the_new_api_starts(checkout, engine, before):
        return lambda: bool(by_service(engine)["api"] - before["api"])

    @staticmethod
    def while_the_new_sockets_start(checkout, engine, before):
        return lambda: bool(by_service(engine)["ws"] - before["ws"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "SIGKILL"])
@pytest.mark.parametrize("moment", ["at_once", "while_the_new_api_starts", "while_the_new_sockets_start"])
def test_an_interrupted_up_is_finished_by_the_next_one(checkout, up_once, engine, url, moment, number):
    before, data = by_service(engine), volumes(engine)
    checkout.configure(defaultSymbols=f"RELIANCE,TCS,INFY,X{int(time.time())}"[:40])
    at = getattr(Interruption, moment)(checkout, engine, before)
    code, said = checkout.up_interrupted(at, number)
    assert code != 0, said
    if number is signal.SIGKILL and moment == "at_once":
        plain = checkout.pulumi("up", "--yes", "--skip-preview")
        assert "locked" in plain.stdout, "plain pulumi must refuse"
        assert "pulumi cancel" in plain.stdout, "and say how to go on"
    if number is signal.SIGINT:
        assert code == 130, said
    assert httpx.get(f"{url}/api/v1/quotes").status_code == 200, "what ran must run on"
    done = checkout.ops("up", "--no-smoke")
    assert done.returncode == 0, done.stdout
    if number is signal.SIGKILL:
        assert "released the stack" in done.stdout
    assert counts(engine) == REPLICAS, f"an orphan or a gap:\n{done.stdout}"
    state = checkout.stack.state()
    assert {container.id for container in containers(engine)} == state.ids(KINDS["container"])
    assert not state.pending
    assert volumes(engine) == data, "no volume may be touched"
