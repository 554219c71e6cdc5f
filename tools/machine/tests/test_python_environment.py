import re

from tools.machine import python_environment
from tools.machine.paths import ROOT
from tools.machine.python_environment import LOCK


def test_uv_is_installed_from_the_lock_with_all_its_hashes(tmp_path, monkeypatch):
    monkeypatch.setattr(python_environment, "VENV", tmp_path)
    text = python_environment._locked("uv").read_text()
    in_lock = re.search(r"^uv==(?:.*\\\n)*.*\n", LOCK.read_text(), re.M)
    assert in_lock
    assert text == in_lock.group()
    assert text.count("==") == 1, "nothing but uv"


def test_an_environment_of_another_folder_is_made_anew(monkeypatch):
    monkeypatch.setattr(python_environment, "_version", lambda: "3.13.5")
    assert python_environment._usable_version({"lock": "x", "root": "/elsewhere"}) is None, "its scripts name that folder"
    here = {"lock": "x", "root": str(ROOT)}
    assert python_environment._usable_version(here) == "3.13.5"


def test_a_python_that_is_too_old_is_not_used(monkeypatch):
    monkeypatch.setattr(python_environment, "_version", lambda: "3.10.2")
    assert python_environment._usable_version({"lock": "x", "root": str(ROOT)}) is None


def test_node_of_the_environment_is_the_locked_major():
    assert (python_environment.node_version() or "").startswith(f"{python_environment.NODE_MAJOR}.")
