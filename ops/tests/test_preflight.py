"""Preflight's decisions, against an engine and a state that are told what to be."""

import socket

import pytest

from ops import preflight as preflight_module
from ops.inventory import KINDS, Held
from ops.preflight import preflight
from ops.stack import Stack, State
from tools.machine.problem import Problem

MINE = {"stk.stack": "stock-tracker/local", "stk.owner": "mine-123456"}
THEIRS = {**MINE, "stk.owner": "theirs-654321"}


class FakeInventory:
    def __init__(self, held=(), publisher=None):
        self.held, self.taken, self.removed = list(held), publisher, []

    def of_stack(self, label):
        return [thing for thing in self.held if thing.labels.get("stk.stack") == label]

    def named(self, names):
        return [thing for thing in self.held if thing.name in names]

    def publisher(self, port):
        return self.taken

    def remove(self, held):
        self.removed.append(held.name)


class FakeStack(Stack):
    def __init__(self, folder, state=None, **config):
        super().__init__("local")
        self.folder, self.asked = folder, []
        self.values = {"owner": "mine-123456", **config}
        self.known = state or State([], [])

    def config(self):
        return self.values

    def state(self):
        return self.known

    def locks(self):
        return self.folder / "locks"

    def ask(self, *words):
        self.asked.append(words)
        return ""


@pytest.fixture
def look(monkeypatch, tmp_path):
    """Runs preflight; returns what it told."""

    def run(inventory, state=None, **config):
        stack = FakeStack(tmp_path, state, port=str(free_port()), **config)
        monkeypatch.setattr(preflight_module, "Inventory", lambda host: inventory)
        told: list[str] = []
        preflight(stack, told.append)
        return told

    return run


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def known(*things):
    return [{"urn": f"urn::{thing.name}", "type": KINDS[thing.kind], "id": thing.id} for thing in things]


def test_an_empty_engine_is_fine_and_nothing_is_told(look):
    assert look(FakeInventory()) == []


def test_what_a_killed_run_began_is_removed_by_name_and_nothing_else(look):
    orphan = Held("container", "c1", "stock-tracker-local-api-1-abc1234", MINE)
    network = Held("network", "n1", "stock-tracker-local-front", MINE)
    volume = Held("volume", "stock-tracker-local-redis-data", "stock-tracker-local-redis-data", MINE)
    kept = Held("container", "c2", "stock-tracker-local-edge", MINE)
    inventory = FakeInventory([orphan, network, volume, kept])
    told = look(inventory, State(known(kept), []))
    assert inventory.removed == [orphan.name, network.name], "containers first, for they are on the networks; never a volume"
    assert [orphan.name in told[0], network.name in told[1]] == [True, True], "each is named"


@pytest.mark.parametrize("kind", ["container", "network", "volume"])
def test_what_another_checkout_holds_stops_it_and_stays(look, kind):
    inventory = FakeInventory([Held(kind, "x", "stock-tracker-local-redis", THEIRS)])
    with pytest.raises(Problem) as caught:
        look(inventory)
    assert "checkout theirs-654321" in str(caught.value), "by whom"
    assert "config set port" in caught.value.next_command, "and how to choose others"
    assert inventory.removed == []


def test_a_strangers_container_with_our_name_stops_it_too(look):
    with pytest.raises(Problem, match="no stack of ours"):
        look(FakeInventory([Held("container", "x", "stock-tracker-local-redis", {})]))


def test_a_port_taken_by_a_container_names_it(look, monkeypatch):
    monkeypatch.setattr("ops.port.is_free", lambda address, port: False)
    with pytest.raises(Problem, match="is used by container other-edge"):
        look(FakeInventory(publisher=Held("container", "x", "other-edge", {})))


def test_the_stacks_own_edge_may_hold_the_port(look, monkeypatch):
    monkeypatch.setattr("ops.port.is_free", lambda address, port: False)
    edge = Held("container", "e", "stock-tracker-local-edge", MINE)
    assert look(FakeInventory([edge], publisher=edge), State(known(edge), [])) == []


def test_a_failed_migration_is_marked_to_run_again(look):
    job = {"urn": "urn::migration", "type": KINDS["container"], "id": "m", "outputs": {"attach": True, "exitCode": 3}}
    service = {"urn": "urn::api", "type": KINDS["container"], "id": "a", "outputs": {"attach": False, "exitCode": 0}}
    told = look(FakeInventory(), State([job, service], []))
    assert told == ["the last migration failed: it is run again"]


def test_operations_a_killed_run_had_begun_are_forgotten(look):
    told = look(FakeInventory(), State([], [{"type": "creating"}]))
    assert told == ["forgot 1 operation that an interrupted run had begun"]


@pytest.mark.parametrize("host", ["tcp://192.0.2.7:2376", "ssh://deploy@192.0.2.7"])
def test_an_address_of_another_machine_is_not_looked_for_on_this_one(look, monkeypatch, host):
    monkeypatch.setenv("DOCKER_HOST", host)
    assert look(FakeInventory(), bindAddress="192.0.2.7") == [], "the port is opened where the engine is"
