"""From what Docker says to what the state says."""

import pytest

from plugins.resource_docker import readback
from plugins.resource_docker.container import Container
from plugins.resource_docker.container_limits import decimal
from plugins.resource_docker.container_state import from_docker
from plugins.resource_docker.network import Network
from plugins.resource_docker.properties import UNKNOWN
from plugins.resource_docker.volume import Volume

FIELDS = Container.fields


def test_after_a_create_unset_lists_stay_null_and_planned_sets_stay_as_planned():
    planned = dict.fromkeys(FIELDS) | {"envs": UNKNOWN, "hosts": [], "mounts": [{"target": "/a", "readOnly": None}]}
    found = {"dns": [], "envs": [], "logOpts": {}, "mounts": [{"target": "/a", "readOnly": False}], "hosts": []}
    outputs = readback.after_apply(FIELDS, found, planned)
    assert (outputs["dns"], outputs["envs"], outputs["logOpts"]) == (None, [], None), "the official state has null for unset"
    assert outputs["mounts"] == planned["mounts"], "a set that was planned in full is the program's"


def test_after_a_create_what_docker_does_not_tell_is_as_planned():
    outputs = readback.after_apply(FIELDS, {"name": "c"}, {"name": "c", "waitTimeout": 20, "healthcheck": UNKNOWN})
    assert outputs["waitTimeout"] == 20, "nobody else knows it"
    assert outputs["healthcheck"] is None, "an image without a healthcheck has none"


def test_a_refresh_looks_only_at_what_the_program_set():
    inputs = {"image": "i", "memory": 64, "restart": "no", "__defaults": ["restart"]}
    outputs = {"image": "i", "memory": 128, "restart": "always", "user": "root"}
    found = readback.inputs_of(FIELDS, outputs, inputs)
    assert found == {"image": "i", "memory": 128, "restart": "always"}, "a changed default is no default any more"


def test_a_refresh_keeps_defaults_that_are_unchanged():
    inputs = {"ports": [{"internal": 80, "ip": "0.0.0.0", "__defaults": ["ip"]}], "__defaults": ["name"], "name": "c"}
    outputs = {"name": "c", "ports": [{"internal": 80, "external": 32768, "ip": "0.0.0.0", "protocol": "tcp"}]}
    assert readback.inputs_of(FIELDS, outputs, inputs) == inputs, "the port Docker chose is not the program's"


def test_a_refresh_follows_elements_of_a_set_to_their_new_places():
    one, other = {"label": "a", "value": "1"}, {"label": "b", "value": "2"}
    found = readback.inputs_of(Volume.fields, {"labels": [other, {**one, "value": "3"}]}, {"labels": [one, other]})
    assert found == {"labels": [{"label": "a", "value": "3"}, other]}, "a changed label would seem to be another one"
    assert readback.inputs_of(Volume.fields, {"labels": [other]}, {"labels": [one, other]}) == {"labels": [other]}, "one is gone"


def test_an_imported_resource_gets_the_inputs_that_are_not_what_an_unset_one_would_be():
    outputs = {"driver": "bridge", "internal": False, "name": "n", "options": {}, "ipamDriver": "default", "scope": "local"}
    outputs["ipamConfigs"] = [{"subnet": "10.0.0.0/24", "gateway": "", "ipRange": "", "auxAddress": {}}]
    assert readback.imported_inputs(Network.fields, outputs) == {
        "driver": "bridge",
        "name": "n",
        "ipamConfigs": [{"subnet": "10.0.0.0/24", "__defaults": []}],
        "__defaults": [],
    }, "the program that `pulumi import` writes would be full of defaults"


def test_inside_objects_that_are_read_unset_means_zero():
    outputs = readback.zero_filled(FIELDS, {"networksAdvanced": [{"name": "n", "gwPriority": None}], "cpuPeriod": None})
    assert outputs["networksAdvanced"][0]["gwPriority"] == 0, "as the official state after a refresh"
    assert outputs["cpuPeriod"] is None, "at the top null stays null"


def test_a_map_inside_an_object_is_read_as_it_is():
    config = {"subnet": "10.0.0.0/24", "auxAddress": {"router": "10.0.0.9"}}
    [read] = readback.zero_filled(Network.fields, {"ipamConfigs": [config]})["ipamConfigs"]
    assert read["auxAddress"] == {"router": "10.0.0.9"}, "every refresh would lose the addresses"


def test_after_an_update_what_the_program_took_back_is_zero():
    planned = dict.fromkeys(FIELDS) | {"cpuShares": None, "cpuSet": None, "memory": None, "logOpts": None}
    outputs = readback.after_update(FIELDS, {"cpuShares": 512, "cpuSet": "0", "logOpts": {"a": "1"}}, planned)
    assert (outputs["cpuShares"], outputs["cpuSet"]) == (0, ""), "null is for what never was set"
    assert (outputs["memory"], outputs["logOpts"]) == (None, None), "it never was a number or a text"


@pytest.mark.parametrize(
    ("nano_cpus", "text"),
    [(10**9, "1.0"), (2 * 10**9, "2.0"), (5 * 10**8, "0.5"), (15 * 10**8, "1.5"), (25 * 10**7, "0.25"), (5 * 10**7, "0.1")],
)
def test_cpus_are_read_with_one_place_at_least(nano_cpus, text):
    assert decimal(nano_cpus) == text, "the official provider reads it so, and replaces the container of a program that says 1"


def test_of_a_hosts_ipv6_address_only_the_beginning_is_read():
    state = from_docker(inspected(ExtraHosts=["v4:10.0.0.1", "v6:fe80::1"]), {})
    assert [host["ip"] for host in state["hosts"]] == ["10.0.0.1", "fe80"], "the official provider splits at every colon"


def inspected(**host):
    return {"Name": "/c", "Image": "i", "Config": {"Image": "i"}, "HostConfig": host, "State": {"Running": True}}
