"""Check: types, defaults, and every mistake in the inputs told at once."""

import pytest

from plugins.resource_docker import checking
from plugins.resource_docker.container import Container
from plugins.resource_docker.engine import Engine
from plugins.resource_docker.engine_log import EngineLog
from plugins.resource_docker.planning import plan, settled
from plugins.resource_docker.properties import UNKNOWN
from plugins.resource_docker.remote_image import RemoteImage
from plugins.resource_docker.resource_type import Context
from plugins.resource_docker.volume import Volume

IMAGE = {"image": "i"}


def check(fields, news, olds=None, name="c-1234567"):
    return checking.check(fields, news, olds or {}, lambda: name)


def test_defaults_are_filled_in_and_listed_but_not_those_that_are_false_or_zero():
    inputs = check(Container.fields, IMAGE).inputs
    assert inputs["__defaults"] == [
        "containerReadRefreshTimeoutMilliseconds",
        "mustRun",
        "name",
        "networkMode",
        "removeVolumes",
        "restart",
        "start",
        "waitTimeout",
    ], "the official provider fills in exactly these"
    assert "wait" not in inputs, "a default of false stays unset, or every state of the official provider would differ"


def test_a_name_that_was_automatic_stays():
    olds = {"name": "c-0000000", "__defaults": ["name"]}
    assert check(Container.fields, IMAGE, olds).inputs["name"] == "c-0000000", "each run would replace every container"


def test_a_name_that_the_program_gave_and_gives_no_more_stays_and_counts_as_a_default_from_then_on():
    inputs = check(Container.fields, IMAGE, {"name": "mine", "__defaults": []}).inputs
    assert (inputs["name"], inputs["__defaults"].count("name")) == ("mine", 1), "to forget a name must not replace the container"


def test_the_values_of_a_map_stay_what_they_are_but_lists_are_no_values():
    checked = check(Container.fields, {**IMAGE, "sysctls": {"a": 1, "b": True, "c": None}})
    assert (checked.inputs["sysctls"], checked.failures) == ({"a": 1, "b": True}, []), checked
    assert check(Container.fields, {**IMAGE, "sysctls": {"a": ["x"]}}).failures, "a list has no text that Docker could take"


def test_an_empty_text_is_checked_like_any_other():
    for wrong in ({"restart": ""}, {"cpuSet": ""}, {"healthcheck": {"interval": ""}}):
        assert check(Container.fields, {**IMAGE, **wrong}).failures, f"{wrong} is no value of its kind"


def test_base64_may_be_broken_into_lines():
    upload = {"file": "/f", "contentBase64": "aGVs\r\nbG8=\n"}
    assert not check(Container.fields, {**IMAGE, "uploads": [upload]}).failures, "`base64 FILE` prints it so"


def test_an_image_of_a_registry_gets_no_name_of_its_own():
    failures = RemoteImage().check(Context(Engine(), EngineLog()), {}, {}, lambda: "made-up")[1]
    assert failures == [("name", "name is required and missing")], failures


def test_a_named_volume_is_deleted_before_its_successor_is_made_but_an_image_of_a_registry_is_not():
    def deletes_first(resource, **changed):
        inputs = {"name": "n", "__defaults": []}
        return resource.diff(settled(resource.fields, plan(resource.fields, None, inputs).outputs), inputs | changed)

    assert deletes_first(Volume(), driver="other").delete_before_replace, "two volumes cannot share a name"
    assert not deletes_first(RemoteImage(), triggers={"a": "1"}).delete_before_replace, "two resources can share an image"


def test_objects_in_lists_get_their_own_defaults():
    inputs = check(Container.fields, {**IMAGE, "ports": [{"internal": 80}]}).inputs
    assert inputs["ports"] == [{"internal": 80, "ip": "0.0.0.0", "protocol": "tcp", "__defaults": ["ip", "protocol"]}], inputs


def test_values_take_the_type_of_their_property():
    inputs = check(Container.fields, {"image": 7, "memory": "64", "init": "true", "envs": [1]}).inputs
    assert (inputs["image"], inputs["memory"], inputs["init"], inputs["envs"]) == ("7", 64, True, ["1"]), inputs


def test_a_single_object_may_come_as_a_list_of_one():
    inputs = check(Container.fields, {**IMAGE, "healthcheck": [{"tests": ["CMD", "true"]}]}).inputs
    assert inputs["healthcheck"]["tests"] == ["CMD", "true"], "older programs wrote it so"


def test_every_mistake_is_told_at_once():
    news = {
        "memory": "much",
        "restart": "sometimes",
        "colour": "red",
        "exitCode": 1,
        "mounts": [{"type": "disk"}],
        "healthcheck": {"interval": "soon"},
        "wait": "maybe",
        "uploads": ["x"],
        "logOpts": ["x"],
    }
    paths = {path for path, _ in check(Container.fields, news).failures}
    assert paths == {
        "image",
        "memory",
        "restart",
        "colour",
        "exitCode",
        "mounts[0].target",
        "mounts[0].type",
        "healthcheck.interval",
        "wait",
        "uploads[0]",
        "logOpts",
    }, "a person would need one run for each mistake"


def test_messages_say_what_was_expected_and_what_came():
    failures = dict(check(Container.fields, {**IMAGE, "restart": "sometimes"}).failures)
    assert failures == {"restart": "expected one of no, on-failure, always, unless-stopped, got 'sometimes'"}, failures


def test_a_property_that_is_not_implemented_is_refused_by_name():
    [(path, reason)] = check(Volume.fields, {"cluster": {"type": "mount"}}).failures
    assert path == "cluster", path
    assert "not implemented" in reason, "it would be ignored in silence"


@pytest.mark.parametrize("value", [UNKNOWN, None])
def test_unknown_and_null_values_are_no_mistakes(value):
    assert not check(Container.fields, {**IMAGE, "memory": value, "ports": value}).failures, "a preview has such values"
