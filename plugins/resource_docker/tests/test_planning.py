"""Plans: which unset values stay, which go, what is unknown, and what needs a new resource."""

import pytest

from plugins.resource_docker.container import Container
from plugins.resource_docker.network import Network
from plugins.resource_docker.planning import plan, settled
from plugins.resource_docker.properties import UNKNOWN
from plugins.resource_docker.volume import Volume

FIELDS = Container.fields
GIVEN = {"image": "i", "name": "c"}


def made(inputs):
    """A container's state after it was made: unknown values read back as Docker has them when nothing is set."""
    learned = {"hostname": "abc", "shmSize": 64, "runtime": "runc", "command": ["sh"], "entrypoints": [], "networkDatas": []}
    return {**settled(FIELDS, plan(FIELDS, None, inputs).outputs), **learned}


def replan(before, after):
    return plan(FIELDS, made({**GIVEN, **before}), {**GIVEN, **after})


def test_what_docker_decides_is_unknown_before_and_stays_as_it_is_after():
    new = plan(FIELDS, None, GIVEN).outputs
    unknown = {key for key, value in new.items() if value is UNKNOWN}
    assert {"hostname", "shmSize", "healthcheck", "labels", "envs", "exitCode", "networkDatas"} <= unknown, unknown
    again = replan({}, {})
    assert again.outputs["hostname"] == "abc", "an unset hostname would be a change"
    assert not again.replaces, "an unchanged program would make a new container"


@pytest.mark.parametrize(
    ("key", "before", "after", "replaces"),
    [
        ("memory", 64, 128, False),
        ("restart", "no", "always", False),
        ("image", "i", "j", True),
        ("envs", ["A=1"], ["A=2"], True),
        ("envs", ["A=1", "B=2"], ["B=2", "A=1"], False),
        ("command", ["a", "b"], ["b", "a"], True),
        ("labels", [{"label": "a", "value": "1"}], [{"label": "a", "value": "2"}], True),
        ("tmpfs", {"/a": "rw"}, {"/b": "rw"}, False),
        ("logOpts", {"max-size": "1m"}, {"max-size": "2m"}, True),
        ("init", True, False, False),
        ("healthcheck", {"tests": ["CMD", "a"]}, {"tests": ["CMD", "b"]}, False),
        ("user", "1000", "", False),
        (
            "mounts",
            [{"type": "volume", "target": "/a", "source": "x"}],
            [{"type": "volume", "target": "/a", "source": "y"}],
            False,
        ),
        ("mounts", [{"type": "volume", "target": "/a"}], [], True),
    ],
)
def test_a_change_replaces_where_the_official_provider_says_so(key, before, after, replaces):
    assert replan({key: before}, {key: after}).replaces is replaces, f"{key}: {before} -> {after}"


def test_an_unset_number_that_is_zero_in_the_state_is_no_change():
    state = {**made(GIVEN), "memory": 0, "domainname": ""}
    planned = plan(FIELDS, state, GIVEN).outputs
    assert (planned["memory"], planned["domainname"]) == (0, ""), "every run would end in an update"


def test_an_unset_value_that_is_not_empty_in_the_state_goes():
    assert replan({"memory": 64}, {}).outputs["memory"] is None, "a removed limit would stay"


def test_an_unset_computed_value_stays():
    assert replan({"hostname": "mine"}, {}).outputs["hostname"] == "abc", "Docker decides"
    assert replan({"labels": [{"label": "a", "value": "1"}]}, {}).outputs["labels"], "labels of the image must not be a change"


def test_an_unknown_part_of_an_element_leaves_the_rest_of_its_set_known():
    networks = [{"name": UNKNOWN}, {"name": "n"}]
    planned = replan({"networksAdvanced": [{"name": "m"}]}, {"networksAdvanced": networks})
    assert {str(network["name"]) for network in planned.outputs["networksAdvanced"]} == {"UNKNOWN", "n"}, planned
    assert planned.replaces, "another network needs another container"


def test_an_unknown_text_or_an_unknown_value_of_a_map_makes_the_whole_unknown():
    planned = replan({}, {"envs": ["A=1", UNKNOWN], "sysctls": {"a": "1", "b": UNKNOWN}}).outputs
    assert (planned["envs"], planned["sysctls"]) == (UNKNOWN, UNKNOWN), "as in the official preview"


def test_an_empty_map_or_set_of_a_new_resource_is_as_good_as_unset():
    planned = plan(FIELDS, None, {**GIVEN, "envs": [], "logOpts": {}}).outputs
    assert (planned["envs"], planned["logOpts"]) == (UNKNOWN, None), "Docker tells them, or nobody does"
    assert replan({"envs": ["A=1"]}, {"envs": []}).replaces, "to take the variables back needs another container"
    state = {"name": "n", "options": {"a": "1"}, "driver": "bridge", "scope": "local", "ipamConfigs": []}
    assert plan(Network.fields, state, {"name": "n", "options": {}}).replaces, "and so does to take options of a network back"


def test_what_the_program_ignores_stays_as_docker_has_it():
    state = {**made({**GIVEN, "memory": 64}), "memorySwap": 128}
    inputs = {**GIVEN, "memory": 96, "envs": ["A=1"]}
    assert plan(FIELDS, state, inputs).outputs["memorySwap"] is None, "Docker's own choice is taken back by every run"
    planned = plan(FIELDS, state, inputs, ["memorySwap", "envs"])
    assert (planned.outputs["memorySwap"], planned.outputs["memory"], planned.replaces) == (128, 96, False), planned


def test_an_empty_set_where_there_was_none_is_no_change():
    planned = replan({}, {"dnsSearches": [], "memory": 64})
    assert (planned.outputs["dnsSearches"], planned.replaces) == (None, False), "a change of memory must not replace"


def test_the_values_of_a_map_are_planned_as_texts():
    assert replan({}, {"sysctls": {"a": 1, "b": True}}).outputs["sysctls"] == {"a": "1", "b": "true"}, "Docker takes texts only"


def test_an_unchanged_set_beside_a_change_has_zeros_for_what_is_unset():
    planned = replan(
        {"mounts": [{"type": "tmpfs", "target": "/t"}]}, {"mounts": [{"type": "tmpfs", "target": "/t"}], "memory": 64}
    )
    assert planned.outputs["mounts"][0]["readOnly"] is False, "as in the official state after an update"


def test_an_unchanged_map_inside_a_set_stays():
    inputs = {"name": "n", "ipamConfigs": [{"subnet": "10.0.0.0/24", "auxAddress": {"router": "10.0.0.9"}}]}
    state = settled(Network.fields, plan(Network.fields, None, inputs).outputs) | {"driver": "bridge", "scope": "local"}
    assert plan(Network.fields, state, inputs).outputs["ipamConfigs"][0]["auxAddress"] == {"router": "10.0.0.9"}, "no change"


def test_ports_in_another_order_are_the_same_ports():
    first, second = {"internal": 80, "external": 8080}, {"internal": 443, "external": 8443}
    assert not replan({"ports": [first, second]}, {"ports": [second, first]}).replaces, "the order says nothing"
    assert replan({"ports": [first]}, {"ports": [{**first, "external": 8081}]}).replaces, "another host port is another container"


def test_a_host_port_that_docker_chose_is_no_change():
    state = {**made(GIVEN), "ports": [{"internal": 80, "external": 32768, "ip": "0.0.0.0", "protocol": "tcp"}]}
    planned = plan(FIELDS, state, {**GIVEN, "ports": [{"internal": 80}]})
    assert planned.outputs["ports"][0]["external"] == 32768, "the port is kept"
    assert not planned.replaces, "each run would publish another port"


def test_elements_of_a_changed_set_have_empty_texts_and_null_numbers():
    planned = replan({}, {"networksAdvanced": [{"name": "n"}], "mounts": [{"type": "tmpfs", "target": "/t"}]}).outputs
    [network], [mount] = planned["networksAdvanced"], planned["mounts"]
    assert (network["ipv4Address"], network["gwPriority"], network["aliases"]) == ("", None, []), network
    assert (mount["source"], mount["readOnly"], mount["tmpfsOptions"]) == ("", None, None), mount


def test_a_set_that_is_equal_but_for_zeros_stays_as_it_was_read():
    state = made({**GIVEN, "mounts": [{"type": "volume", "target": "/a", "source": "v"}]})
    state["mounts"] = [{**state["mounts"][0], "readOnly": False}]
    planned = plan(FIELDS, state, {**GIVEN, "mounts": [{"type": "volume", "target": "/a", "source": "v"}]})
    assert planned.outputs["mounts"] == state["mounts"], "a refresh would be followed by an update"


def test_half_made_containers_keep_what_was_planned_and_know_nothing_else():
    state = settled(FIELDS, plan(FIELDS, None, {**GIVEN, "envs": ["A=1"]}).outputs)
    assert (state["envs"], state["hostname"], state["labels"], state["entrypoints"]) == (["A=1"], None, [], None), state
    planned = plan(FIELDS, {**state, "id": "x"}, {**GIVEN, "envs": ["A=1"]})
    assert planned.replaces, "a container that failed to start must be made again by the next run"


def test_networks_and_volumes_keep_what_docker_decided():
    network = {"driver": "bridge", "internal": False, "name": "n", "options": {}, "ipamDriver": "default", "labels": []}
    network["ipamConfigs"] = [{"subnet": "10.0.0.0/24", "gateway": "10.0.0.1", "ipRange": "", "auxAddress": {}}]
    assert not plan(Network.fields, network, {"name": "n", "ipamDriver": "default"}).replaces, "a chosen subnet is no change"
    volume = {"driver": "local", "name": "v", "labels": [{"label": "a", "value": "1"}], "driverOpts": {}}
    assert plan(Volume.fields, volume, {"name": "v"}).replaces, "labels of a volume cannot be taken away in place"


def test_null_and_zero_are_one_where_nothing_else_changes():
    state = {**made(GIVEN), "domainname": None, "memory": None}
    planned = plan(FIELDS, state, {**GIVEN, "domainname": "", "memory": 0})
    assert planned.outputs["memory"] is None, "what a failed create left unset is no change when the program writes zero"
    assert not planned.replaces, "a domain name of nothing is none"


def test_an_unset_value_of_a_kept_element_is_null_when_its_set_changes():
    mounts = [{"type": "volume", "target": "/a", "source": "v"}, {"type": "tmpfs", "target": "/b"}]
    state = made({**GIVEN, "mounts": mounts[:1]})
    state["mounts"] = [{**state["mounts"][0], "readOnly": False}]
    planned = plan(FIELDS, state, {**GIVEN, "mounts": mounts}).outputs["mounts"]
    assert [mount["readOnly"] for mount in planned] == [None, None], "as the official plan has it"
