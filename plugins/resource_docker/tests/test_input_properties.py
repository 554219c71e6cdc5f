"""Every input property of the installed pulumi_docker is implemented or refused by name: this walks them all.

"Implemented" is shown, not claimed: of a property that goes to Docker, two values make two different requests. The others
are listed here with where they act, and have tests of their own.
"""

import json
import re
from typing import Any

import pulumi_docker
import pytest
from pulumi._types import input_type_py_to_pulumi_names
from pulumi_docker.container import ContainerArgs
from pulumi_docker.image import ImageArgs
from pulumi_docker.network import NetworkArgs
from pulumi_docker.volume import VolumeArgs

from plugins.resource_docker import checking, container_network, container_spec, image, image_build
from plugins.resource_docker.container import Container
from plugins.resource_docker.container_upload import archive
from plugins.resource_docker.network import Network
from plugins.resource_docker.planning import plan, settled
from plugins.resource_docker.schema import Kind
from plugins.resource_docker.volume import Volume

TABLES = [
    (ContainerArgs, Container.fields),
    (NetworkArgs, Network.fields),
    (VolumeArgs, Volume.fields),
    (ImageArgs, image.FIELDS),
]
# Inputs that are not in the request that makes the container, and what they steer instead.
ACT_ELSEWHERE = {
    "attach": "waiting for the end",
    "containerReadRefreshTimeoutMilliseconds": "nothing (in the official provider, too)",
    "destroyGraceSeconds": "the stop before the removal",
    "logs": "containerLogs",
    "mustRun": "a stopped container is a change",
    "name": "the request's name parameter",
    "networksAdvanced": "the connect requests",
    "platform": "the request's platform parameter",
    "removeVolumes": "the removal",
    "start": "the start",
    "uploads": "the archive",
    "wait": "waiting for health",
    "waitTimeout": "waiting for health",
}
BOOKKEEPING = {"build.contextDigest"}  # added by the check
OUTPUTS_AMONG_INPUTS = {"cluster.id"}
NEWEST_API = (1, 51)
# Two values where not just any text or number will do.
PAIRS: dict[str, tuple[Any, Any]] = {
    "cgroupnsMode": ("host", "private"),
    "cpuSet": ("0", "1"),
    "cpus": ("0.5", "1"),
    "gpus": ("all", "1"),
    "restart": ("no", "always"),
    "mounts.bindOptions.propagation": ("private", "shared"),
    "mounts.type": ("bind", "volume"),
    "uploads.contentBase64": ("eA==", "eQ=="),
    "uploads.permissions": ("0600", "0640"),
    "volumes.hostPath": ("/a", "/b"),
    "volumes.selinuxRelabel": ("z", "Z"),
}
# What must be set beside a property for it to mean anything.
BESIDE: dict[str, dict[str, Any]] = {
    "mounts.bindOptions": {"type": "bind"},
    "mounts.tmpfsOptions": {"type": "tmpfs"},
    "mounts.volumeOptions": {"type": "volume"},
    "volumes.containerPath": {"volumeName": "v"},
    "volumes.hostPath": {"containerPath": "/c"},
    "volumes.readOnly": {"volumeName": "v", "containerPath": "/c"},
    "volumes.selinuxRelabel": {"volumeName": "v", "containerPath": "/c"},
    "volumes.volumeName": {"containerPath": "/c"},
}


def nested_class(cls: type, python_name: str) -> type | None:
    """The input class of a property's objects, from the annotation of its getter."""
    annotation = str(getattr(cls, python_name).fget.__annotations__["return"])
    found = re.findall(r"(\w+Args)\b", annotation)
    return getattr(pulumi_docker, found[0], None) if found else None


def installed_paths(cls: type, prefix: str = "") -> set[str]:
    paths = set()
    for python_name, name in input_type_py_to_pulumi_names(cls).items():
        paths.add(prefix + name)
        nested = nested_class(cls, python_name)
        if nested is not None:
            paths |= installed_paths(nested, f"{prefix}{name}.")
    return paths


def our_paths(fields, prefix: str = "", *, leaves: bool = False) -> set[str]:
    paths = set()
    for name, known in fields.items():
        if not known.output:
            paths |= set() if leaves and known.fields else {prefix + name}
            paths |= our_paths(known.fields or {}, f"{prefix}{name}.", leaves=leaves)
    return paths


@pytest.mark.parametrize(("cls", "fields"), TABLES, ids=lambda value: getattr(value, "__name__", ""))
def test_the_tables_have_the_installed_packages_inputs_and_no_others(cls, fields):
    ours, installed = our_paths(fields) - BOOKKEEPING, installed_paths(cls) - OUTPUTS_AMONG_INPUTS
    assert ours == installed, "an input of programs would be refused as unknown, or one be invented"
    assert len(installed) >= 9, "the walk found nothing to compare"


def values(path: str, known) -> tuple[Any, Any]:
    if path in PAIRS:
        return PAIRS[path]
    if known.check is not None and known.default == "0s":
        return "1s", "2s"
    if known.is_scalar:
        return {Kind.STRING: ("x", "y"), Kind.INT: (7, 8), Kind.BOOL: (False, True)}[known.kind]
    return ({"k": "v"}, {"k": "w"}) if known.kind is Kind.MAP else (["a=x"], ["a=y"])


def nested(fields, path: str, value: Any, prefix: str = "") -> dict[str, Any]:
    """Inputs with `value` at `path` and, around it, what is required."""
    head, _, rest = path.partition(".")
    where = prefix + head
    if not rest:
        return {head: value}
    known = fields[head]
    element = {name: values(f"{where}.{name}", part)[0] for name, part in known.fields.items() if part.required}
    element |= nested(known.fields, rest, value, where + ".") | BESIDE.get(f"{prefix}{head}.{rest.split('.')[0]}", {})
    return {head: element if known.single else [element]}


def planned(fields, inputs):
    checked = checking.check(fields, inputs, {}, lambda: "c")
    assert not checked.failures, f"the sample itself is wrong: {checked.failures}"
    return settled(fields, plan(fields, None, checked.inputs).outputs)


def pair(fields, path: str) -> list[dict[str, Any]]:
    known, parts = None, fields
    for name in path.split("."):
        known = parts[name]
        parts = known.fields or {}
    return [nested(fields, path, value) for value in values(path, known)]


@pytest.mark.parametrize(
    "path", [path for path in sorted(our_paths(Container.fields, leaves=True)) if path.split(".")[0] not in ACT_ELSEWHERE]
)
def test_every_container_property_reaches_docker(path):
    one, other = (
        json.dumps(container_spec.create_body(planned(Container.fields, {"image": "i", **inputs}), NEWEST_API), sort_keys=True)
        for inputs in pair(Container.fields, path)
    )
    assert one != other, f"{path} is in the table and does nothing"


def test_what_acts_elsewhere_is_in_the_table():
    assert set(ACT_ELSEWHERE) <= set(Container.fields), "the list has gone stale"


NETWORK_PROPERTIES = sorted(our_paths(Container.fields["networksAdvanced"].fields) - {"name"})


@pytest.mark.parametrize("name", NETWORK_PROPERTIES)
def test_every_property_of_a_network_reaches_the_connect_request(name):
    one, other = (
        container_network.endpoint(planned(Container.fields, {"image": "i", **inputs})["networksAdvanced"][0])
        for inputs in pair(Container.fields, f"networksAdvanced.{name}")
    )
    assert one != other, f"networksAdvanced.{name} does nothing"


@pytest.mark.parametrize(
    "change",
    [
        {"content": "y"},
        {"content": "", "contentBase64": "eQ=="},
        {"content": "", "source": __file__},
        {"file": "/g"},
        {"executable": True},
        {"permissions": "0600"},
    ],
    ids=lambda change: list(change)[-1],
)
def test_every_property_of_an_upload_reaches_the_archive(change, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 0.0)
    one, other = (
        archive(planned(Container.fields, {"image": "i", "uploads": [{"file": "/f", "content": "x"} | entry]})["uploads"][0])
        for entry in ({"file": "/f"}, change)
    )
    assert one != other, f"{change} does nothing"


class Recorder:
    """Stands in for the engine: keeps the body of the request that makes a network or volume."""

    def __init__(self):
        self.body = None

    def json(self, method, path, *, body=None, **_):
        self.body = body
        return {"Id": "id", "Name": "name"}


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        (resource, path)
        for resource in (Network(), Volume())
        for path in sorted(our_paths(resource.fields, leaves=True))
        if not path.startswith("cluster")
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_every_network_and_volume_property_reaches_docker(resource, path):
    bodies = []
    for inputs in pair(resource.fields, path):
        recorder = Recorder()
        resource.make(type("Context", (), {"engine": recorder})(), planned(resource.fields, {"name": "n", **inputs}))
        bodies.append(json.dumps(recorder.body, sort_keys=True))
    assert bodies[0] != bodies[1], f"{path} is in the table and does nothing"


@pytest.mark.parametrize("name", ["addHosts", "args", "builderVersion", "cacheFrom", "network", "platform", "target"])
def test_every_build_option_reaches_docker(name):
    value = {"addHosts": ["a:1"], "args": {"A": "1"}, "builderVersion": "BuilderV1", "cacheFrom": {"images": ["x"]}}.get(
        name, "x"
    )
    one, other = (
        image_build.query("i", "Dockerfile", image_build.cached_images(options), options) for options in ({}, {name: value})
    )
    assert one != other, f"build.{name} does nothing"


def test_the_one_refused_property_is_refused_by_name():
    failures = checking.check(Volume.fields, {"cluster": {}}, {}, lambda: "v").failures
    assert [path for path, _ in failures] == ["cluster"], "a cluster volume would silently be a local one"
