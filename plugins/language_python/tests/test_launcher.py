import os
import subprocess
from pathlib import Path

from plugins.language_python.launcher import write_launchers


def test_launchers_are_executable_and_written_once(tmp_path):
    assert sorted(file.name for file in write_launchers(tmp_path)) == [
        "pulumi-language-python",
        "pulumi-resource-pulumi-python",
    ]
    assert all(os.access(file, os.X_OK) for file in tmp_path.iterdir())
    assert write_launchers(tmp_path) == [], "a second set-up must find nothing to do"


def test_a_moved_checkout_gets_new_launchers(tmp_path):
    write_launchers(tmp_path, root=Path("/old/place"))
    assert "pulumi-language-python" in [file.name for file in write_launchers(tmp_path)], "it names its checkout"


def test_the_launcher_starts_the_host_from_any_folder(tmp_path):
    write_launchers(tmp_path)
    process = subprocess.Popen(
        [tmp_path / "pulumi-language-python", "127.0.0.1:1"], cwd="/", stdout=subprocess.PIPE, env={"PATH": os.defpath}
    )
    assert process.stdout
    port = process.stdout.readline()
    process.terminate()
    process.stdout.close()
    process.wait(timeout=10)
    assert int(port) > 0


def test_a_checkout_in_a_folder_with_blanks_and_quotes_is_found(tmp_path):
    root = tmp_path / "it's here"
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/bin/python").write_text('#!/bin/sh\necho "$PWD: $*"\n')
    (root / ".venv/bin/python").chmod(0o755)
    write_launchers(tmp_path, root)
    said = subprocess.check_output([tmp_path / "pulumi-language-python", "engine"], text=True)
    assert said == f"{root}: -m plugins.language_python engine\n"


def test_the_dynamic_provider_runs_in_the_programs_environment(tmp_path):
    write_launchers(tmp_path)
    environment = tmp_path / "project" / "venv" / "bin"
    environment.mkdir(parents=True)
    (environment / "python").write_text('#!/bin/sh\necho "program python $*"\n')
    (environment / "python").chmod(0o755)
    (tmp_path / "project" / "Pulumi.yaml").touch()
    program = tmp_path / "project" / "infra"
    program.mkdir()
    for virtualenv in ("venv", str(environment.parent)):
        said = subprocess.check_output(
            [tmp_path / "pulumi-resource-pulumi-python", "engine"], cwd=program, text=True,
            env={"PATH": os.defpath, "PULUMI_RUNTIME_VIRTUALENV": virtualenv},
        )  # fmt: skip
        assert said == "program python -u -m pulumi.dynamic engine\n", f"virtualenv: {virtualenv} is the program's"
