"""tools/conformance beside recordings of its own, with a runner that does as the scenario's name says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "conformance"

RUNNER = """
import sys
name = sys.argv[sys.argv.index("--only") + 1]
print("FAIL" if "bad" in name else "ok", name)
print("1 passed, 0 failed")
sys.exit("bad" in name)
"""


@pytest.fixture
def checkout(tmp_path):
    root = tmp_path / "project"
    (root / "tools").mkdir(parents=True)
    shutil.copy(SCRIPT, root / "tools/conformance")
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text('#!/bin/sh\necho "$BASE_IMAGE_SETS"\n')
    docker.chmod(0o755)
    return root


def record(checkout, *names, core):
    recordings = checkout.parent / "shared/pulumi-conformance"
    for name in names:
        (recordings / "scenarios" / name).mkdir(parents=True)
    (recordings / "run.py").write_text(RUNNER)
    (recordings / "core.txt").write_text("\n".join(core))


def call(checkout, *words, **environment):
    path = f"{checkout.parent / 'bin'}:{os.defpath}"
    return subprocess.run(
        [sys.executable, checkout / "tools/conformance", *words], capture_output=True, text=True, check=False,
        env={"PATH": path, "HOME": str(checkout), **environment},
    )  # fmt: skip


def test_without_recordings_the_reason_is_printed(checkout):
    answer = call(checkout)
    assert answer.returncode == 0
    assert "skipped: no recorded scenarios beside the project" in answer.stdout


def test_the_core_is_run_and_counted(checkout):
    record(checkout, "01-a", "02-b", "03-bad", core=["01-a", "02-b"])
    answer = call(checkout)
    assert answer.returncode == 0
    assert answer.stdout.splitlines()[-1] == "2 passed, 0 failed", "the last line is what a reader of a log looks for"


def test_one_failure_fails_all_and_is_named(checkout):
    record(checkout, "01-a", "03-bad", core=["01-a"])
    answer = call(checkout, "--all")
    assert answer.returncode == 1
    assert "failed: 03-bad" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "1 passed, 1 failed"


def test_running_nothing_is_a_failure(checkout):
    record(checkout, "01-a", core=["01-a"])
    assert call(checkout, "--only", "no such").returncode == 1, "a check that ran nothing has shown nothing"


def test_a_base_image_unlike_the_recorded_one_is_told(checkout):
    record(checkout, "01-a", core=["01-a"])
    answer = call(checkout, BASE_IMAGE_SETS="PATH=/bin")
    assert answer.returncode == 1
    assert "debian:trixie-slim sets PATH=/bin" in answer.stdout
