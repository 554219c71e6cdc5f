import tarfile
from pathlib import Path

import pytest

from tools.machine import pulumi_plugins as plugins
from tools.machine.command import CommandFailed
from tools.machine.console import Step
from tools.machine.paths import ROOT
from tools.machine.problem import Problem


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """No plugin anywhere, no way out; `calls` holds what pulumi was asked, and our plugin gets installed when asked for."""
    calls = []

    def pulumi(*words, env, timeout_seconds=None):
        calls.append(words)
        if "--file" not in words:
            raise CommandFailed(["pulumi"], 1, "no such host")
        (tmp_path / "own/plugins" / f"resource-docker-v{plugins._version()}").mkdir(parents=True)
        return ""

    monkeypatch.setattr(plugins, "run", pulumi)
    monkeypatch.setattr(plugins, "OWN_PULUMI_HOME", tmp_path / "own")
    monkeypatch.setattr(plugins, "TOOLS", tmp_path)
    monkeypatch.setattr(plugins, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    for name in ("PULUMI_HOME", "STOCK_TRACKER_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    return calls


def prepare():
    step = Step("plugins")
    plugins.prepare(step)
    return step.result


def downloads(calls):
    return [words for words in calls if "--file" not in words]


def test_ours_stands_in_where_the_official_one_cannot_be_had(machine):
    assert "ours" in prepare()
    assert len(downloads(machine)) == 1


def test_a_download_that_failed_is_not_tried_at_every_start(machine):
    prepare()
    before = len(machine)
    assert "ours" in prepare()
    assert len(machine) == before, "a second run must take no time"


def test_an_installed_official_plugin_wins_and_ours_goes(machine):
    prepare()
    plugins._official().mkdir(parents=True)
    assert "the official one" in prepare()
    assert not plugins._own().exists(), "pulumiw would go on using our home"


def test_own_asks_nobody(machine, monkeypatch):
    monkeypatch.setenv("STOCK_TRACKER_PLUGINS", "own")
    plugins._official().mkdir(parents=True)
    assert "ours" in prepare()
    assert downloads(machine) == []


def test_official_never_falls_back_to_ours(machine, monkeypatch):
    monkeypatch.setenv("STOCK_TRACKER_PLUGINS", "official")
    with pytest.raises(Problem, match="could not be downloaded"):
        prepare()
    assert not plugins._own().exists()


def test_a_wrong_choice_is_refused_with_the_right_ones(machine, monkeypatch):
    monkeypatch.setenv("STOCK_TRACKER_PLUGINS", "offical")
    with pytest.raises(Problem, match="auto, official, own, got 'offical'"):
        prepare()


def test_a_home_of_the_users_own_without_the_plugin_is_told(machine, monkeypatch, tmp_path):
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "mine"))
    with pytest.raises(Problem, match="unset PULUMI_HOME"):
        prepare()


def test_the_package_holds_the_launcher_and_the_place_of_this_checkout(tmp_path):
    plugins._pack(tmp_path / "plugin.tar.gz")
    with tarfile.open(tmp_path / "plugin.tar.gz") as tar:
        assert tar.getnames() == ["pulumi-resource-docker", "checkout"]
        assert tar.getmember("pulumi-resource-docker").mode & 0o111
        place = tar.extractfile("checkout")
        assert place
        assert place.read().decode().strip() == str(ROOT)
