"""The official provider's recorded answers: ours to the same questions are the same.

The recordings lie beside the project, never in it; where they are absent these tests are skipped with that reason.
"""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from plugins.resource_docker.container import Container
from plugins.resource_docker.network import Network
from plugins.resource_docker.remote_image import RemoteImage
from plugins.resource_docker.tests.plugin_process import LAUNCHER
from plugins.resource_docker.volume import Volume

RECORDINGS = Path(__file__).parents[4] / "shared" / "pulumi-conformance"
# Types of swarm mode, which this plugin refuses by name: their calls are not answered.
REFUSED = {"Secret", "Service", "ServiceConfig"}

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"no recordings of the official provider at {RECORDINGS}"),
]


@pytest.fixture(scope="module")
def rows():
    with (RECORDINGS / "docker-properties.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.engine
@pytest.mark.timeout(300)
def test_every_recorded_check_and_diff_is_answered_alike():
    command = [sys.executable, str(RECORDINGS / "replay_calls.py"), str(LAUNCHER), "-v"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wrong = [
        line for line in done.stdout.splitlines() if (found := re.match(r" {5}\w+ (\w+): ", line)) and found[1] not in REFUSED
    ]
    assert not wrong, "another plan than the official one:\n" + "\n".join(wrong)
    counts = {name: (int(good), int(every)) for name, good, every in re.findall(r"  (\w+ \w+): (\d+) of (\d+)", done.stdout)}
    assert sum(good for good, _ in counts.values()) >= 700, f"hardly anything was asked: {done.stdout[-500:]}{done.stderr[-500:]}"
    assert {name.split()[1] for name, (good, every) in counts.items() if good < every} <= REFUSED, counts


@pytest.mark.parametrize("resource", [Container, Network, RemoteImage, Volume], ids=lambda resource: resource.__name__)
def test_the_property_table_is_the_official_one(resource, rows):
    name = resource.__name__
    official = {row["property"]: row for row in rows if row["resource"] == name and not row["property"].startswith("build.")}
    table = {path: known for path, known in _flat(resource.fields)}
    assert table.keys() - {"cluster.id"} == official.keys() - {"cluster.id"}, "a property is missing, or invented"
    for path, row in official.items():
        known = table[path]
        if path == "cluster.id":
            continue
        assert known.output == (row["direction"] == "output"), f"{path}: who decides it"
        assert known.replaces == (row["replaces"] == "yes"), f"{path}: whether a change replaces"
        if row["direction"] == "input" and path != "name":
            assert known.required == (row["required"] == "yes"), f"{path}: whether it must be set"


def _flat(fields, prefix=""):
    for name, known in fields.items():
        yield prefix + name, known
        yield from _flat(known.fields or {}, f"{prefix}{name}.")
