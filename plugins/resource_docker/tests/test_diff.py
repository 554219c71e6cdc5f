"""Detailed diffs: the paths that a person reads in a preview."""

import pytest

from plugins.resource_docker.container import Container
from plugins.resource_docker.diff import detailed_diff
from plugins.resource_docker.network import Network
from plugins.resource_docker.planning import plan, settled
from plugins.resource_docker.properties import UNKNOWN

FIELDS = Container.fields
GIVEN = {"image": "i", "name": "c"}


def changes(before, after):
    learned = {"command": ["sh"], "entrypoints": [], "networkDatas": []}
    state = {**settled(FIELDS, plan(FIELDS, None, {**GIVEN, **before}).outputs), **learned}
    if "command" in before:
        state["command"] = before["command"]
    inputs = {**GIVEN, **after}
    return detailed_diff(FIELDS, state, plan(FIELDS, state, inputs), inputs)


def label(name, value):
    return {"label": name, "value": value}


@pytest.mark.parametrize(
    ("key", "before", "after", "expected"),
    [
        ("memory", 64, 128, {"memory": ("update", False)}),
        ("memory", 64, None, {"memory": ("delete", False)}),
        ("image", "i", "j", {"image": ("update", True)}),
        ("command", ["a", "b", "c"], ["a", "b", "d"], {"command[2]": ("update", True)}),
        ("command", ["a", "b"], ["x", "a", "b"], {"command[0]": ("add", True)}),
        ("command", ["a", "b", "c"], ["a", "c"], {"command[1]": ("delete", True)}),
        ("envs", ["A=1"], ["A=2"], {"envs[0]": ("update", True)}),
        ("envs", ["A=1"], ["A=1", "B=1"], {"envs[1]": ("add", True)}),
        ("labels", [label("a", "1"), label("b", "1")], [label("a", "1"), label("b", "2")], {"labels[1].value": ("update", True)}),
        ("logOpts", {"max-size": "1m"}, {"max-size": "2m"}, {"logOpts.max-size": None}),
        ("tmpfs", {"/run": "rw"}, {"/run": "ro"}, {'tmpfs["/run"]': ("update", False)}),
        ("healthcheck", {"tests": ["CMD", "a"]}, {"tests": ["CMD", "b"]}, {"healthcheck.tests[1]": ("update", False)}),
        ("ports", [{"internal": 80, "external": 1}], [{"internal": 80, "external": 2}], {"ports[0].external": ("update", True)}),
        ("hosts", [{"host": "a", "ip": "1"}], [], {"hosts": ("delete", True)}),
        ("mounts", [], [{"type": "volume", "target": "/a", "source": "v"}], {"mounts": ("add", True)}),
        (
            "mounts",
            [{"type": "volume", "target": "/a", "source": "v"}],
            [{"type": "volume", "target": "/a", "source": "w"}],
            {"mounts[0].source": ("update", False)},
        ),
    ],
)
def test_a_change_is_named_by_its_path(key, before, after, expected):
    if key == "logOpts":
        expected = {'logOpts["max-size"]': ("update", True)}
    assert changes({key: before}, {key: after}) == expected, f"{key}: {before} -> {after}"


def test_a_set_whose_elements_no_input_explains_is_named_as_a_whole():
    found = changes({"networksAdvanced": [{"name": "n"}]}, {"networksAdvanced": [{"name": "m"}]})
    assert found == {"networksAdvanced": ("update", True)}, "planned elements have empty texts that the inputs lack"


def test_unknown_values_are_updates():
    assert changes({}, {"image": UNKNOWN}) == {"image": ("update", True)}, "a rebuilt image means a new container"


def test_nothing_replaces_where_the_plan_replaces_nothing():
    found = changes(
        {"mounts": [{"type": "bind", "target": "/a", "source": "/x"}]},
        {"mounts": [{"type": "bind", "target": "/a", "source": "/y"}]},
    )
    assert not any(replaces for _, replaces in found.values()), "the diff and the plan must not contradict each other"


def test_an_unchanged_program_has_no_changes():
    assert changes({"envs": ["A=1"], "memory": 64}, {"envs": ["A=1"], "memory": 64}) == {}, "a second run must be quiet"


def test_what_a_failed_create_left_unknown_is_added():
    state = settled(FIELDS, plan(FIELDS, None, GIVEN).outputs)
    found = detailed_diff(FIELDS, state, plan(FIELDS, state, GIVEN), GIVEN)
    assert found["entrypoints"] == ("add", True), "the next run makes the container again"


def test_a_network_that_becomes_internal_is_replaced():
    state = {"name": "n", "internal": False, "driver": "bridge", "options": {}, "ipamDriver": "default", "labels": []}
    inputs = {"name": "n", "internal": True, "ipamDriver": "default"}
    found = detailed_diff(Network.fields, state, plan(Network.fields, state, inputs), inputs)
    assert found == {"internal": ("update", True)}, "Docker cannot change it in place"


def test_a_changed_element_with_an_object_inside_changes_the_whole_set():
    mount = {"type": "tmpfs", "target": "/t"}
    found = changes({"mounts": [mount]}, {"mounts": [{**mount, "tmpfsOptions": {"sizeBytes": 1}}]})
    assert found == {"mounts": ("update", True)}, "the official provider finds no element of the program in its plan"


def test_an_unknown_part_of_a_set_is_one_path():
    found = changes({"labels": [{"label": "a", "value": "1"}]}, {"labels": [{"label": "a", "value": UNKNOWN}]})
    assert found == {"labels[0].value": ("update", True)}, "a preview names what is not known yet"


def test_an_unknown_part_in_place_of_an_empty_one_has_no_path_of_its_own():
    found = changes({"labels": [{"label": "a", "value": ""}]}, {"labels": [{"label": "a", "value": UNKNOWN}]})
    assert found == {"__meta": ("update", True)}, "the official preview says that it replaces, not why"
