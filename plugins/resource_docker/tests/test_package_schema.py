"""The package schema names what programs, `pulumi import` and editors may use."""

import json

import pulumi_docker
import pytest

from plugins.resource_docker.container import Container
from plugins.resource_docker.package_schema import package_schema

SCHEMA = json.loads(package_schema("5.1.0"))


def test_it_has_the_types_of_this_plugin_and_no_others():
    names = {token.split(":")[-1] for token in SCHEMA["resources"]}
    assert names == {"Container", "Image", "Network", "RemoteImage", "Volume"}, "it must not promise what is refused"


@pytest.mark.parametrize(
    "token", [token for token in SCHEMA["types"] if not token.startswith("docker:index/ContainerNetworkData")]
)
def test_its_object_types_are_those_of_the_installed_package(token):
    assert hasattr(pulumi_docker, token.split(":")[-1] + "Args"), "`pulumi import` would write a program that does not run"


def test_references_lead_somewhere():
    references = set(json.dumps(SCHEMA).split('"$ref": "#/types/')[1:])
    assert {reference.split('"')[0] for reference in references} <= set(SCHEMA["types"]), "a broken schema is refused as a whole"


def test_inputs_tell_what_replaces():
    inputs = SCHEMA["resources"][Container.token]["inputProperties"]
    assert inputs["image"]["willReplaceOnChanges"], inputs["image"]
    assert "willReplaceOnChanges" not in inputs["memory"], "memory changes in place"
    assert SCHEMA["resources"][Container.token]["requiredInputs"] == ["image"], "a name is made"


def test_refused_properties_are_not_offered():
    assert "cluster" not in SCHEMA["resources"]["docker:index/volume:Volume"]["inputProperties"], "it would be refused"
