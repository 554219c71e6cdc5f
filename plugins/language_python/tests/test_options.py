from pathlib import Path

import pytest

from plugins.language_python.options import UnsupportedOption, read_options


def test_virtual_environment_counts_from_the_folder_of_pulumi_yaml():
    options = read_options({"toolchain": "pip", "virtualenv": ".venv"}, "/project")
    assert options.python == "/project/.venv/bin/python", "main: may be a subfolder, the option is still the root's"


def test_absolute_virtual_environment_stays_as_it_is():
    assert read_options({"virtualenv": "/else/venv"}, "/project").virtualenv == Path("/else/venv")


def test_without_virtual_environment_the_python_of_the_path_runs_the_program(monkeypatch):
    monkeypatch.delenv("PULUMI_PYTHON_CMD", raising=False)
    options = read_options({}, "/project")
    assert (options.python, options.exists) == ("python3", True), "an unset option must not be taken for a missing folder"


def test_another_command_for_python_can_be_named(monkeypatch):
    monkeypatch.setenv("PULUMI_PYTHON_CMD", "python3.11")
    assert read_options({}, "/project").python == "python3.11", "Pulumi's own variable for it"
    assert read_options({"virtualenv": "venv"}, "/project").python == "/project/venv/bin/python", "a folder wins"


def test_a_machine_may_call_its_python_python(monkeypatch, tmp_path):
    (tmp_path / "python").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_options({}, "/project").python == "python"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"toolchain": "uv"}, "toolchain: uv"),
        ({"toolchain": "poetry"}, "toolchain: poetry"),
        ({"typechecker": "mypy"}, "typechecker: mypy"),
        ({"binary": "x"}, "'binary'"),
        ({"virtualenv": 5}, "'virtualenv'"),
    ],
)
def test_what_is_not_done_is_refused_by_name(options, named):
    with pytest.raises(UnsupportedOption) as refusal:
        read_options(options, "/project")
    assert named in str(refusal.value), "a reader must find the line to change in Pulumi.yaml"


def test_a_folder_without_python_is_no_environment(tmp_path):
    assert not read_options({"virtualenv": "venv"}, str(tmp_path)).exists, "else the run fails with a riddle"
