from pathlib import Path

import pytest

from plugins.language_python.options import UnsupportedOption, read_options


def test_virtual_environment_counts_from_the_folder_of_pulumi_yaml():
    options = read_options({"toolchain": "pip", "virtualenv": ".venv"}, "/project")
    assert options.python == "/project/.venv/bin/python", "main: may be a subfolder, the option is still the root's"


def test_absolute_virtual_environment_stays_as_it_is():
    assert read_options({"virtualenv": "/else/venv"}, "/project").virtualenv == Path("/else/venv")


def test_without_virtual_environment_the_python_of_the_path_runs_the_program():
    options = read_options({}, "/project")
    assert (options.python, options.exists) == ("python3", True), "an unset option must not be taken for a missing folder"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"toolchain": "uv"}, "toolchain: uv"),
        ({"toolchain": "poetry"}, "toolchain: poetry"),
        ({"typechecker": "mypy"}, "typechecker: mypy"),
        ({"binary": "x"}, "'binary'"),
    ],
)
def test_what_is_not_done_is_refused_by_name(options, named):
    with pytest.raises(UnsupportedOption) as refusal:
        read_options(options, "/project")
    assert named in str(refusal.value), "a reader must find the line to change in Pulumi.yaml"


def test_a_folder_without_python_is_no_environment(tmp_path):
    assert not read_options({"virtualenv": "venv"}, str(tmp_path)).exists, "else the run fails with a riddle"
