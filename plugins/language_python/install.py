"""`pulumi install`: make the virtual environment that Pulumi.yaml names and install requirements.txt into it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from plugins.language_python.options import Options


class InstallFailed(Exception):  # noqa: N818 - names what happened
    """A step of the installation failed; its output was passed on before."""


def install(options: Options, root_directory: str, program_directory: str) -> Iterator[str]:
    """Yield lines for the user while installing. Raises InstallFailed.

    requirements.txt is looked for beside the program, then beside Pulumi.yaml.
    """
    if not options.exists:
        yield f"Creating virtual environment {options.virtualenv}\n"
        yield from _run([sys.executable, "-m", "venv", str(options.virtualenv)])
    requirements = _requirements([Path(program_directory), Path(root_directory)])
    if requirements is None:
        environment = options.virtualenv or options.python
        yield f"No requirements.txt beside the program or Pulumi.yaml: nothing to install into {environment}\n"
        return
    yield f"Installing {requirements}\n"
    yield from _run([options.python, "-m", "pip", "install", "-r", str(requirements)])


def _requirements(folders: list[Path]) -> Path | None:
    return next((folder / "requirements.txt" for folder in folders if (folder / "requirements.txt").exists()), None)


def _run(command: list[str]) -> Iterator[str]:
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        yield from process.stdout
    if process.returncode:
        raise InstallFailed(f"{' '.join(command)} failed with exit code {process.returncode}")
