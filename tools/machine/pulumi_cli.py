"""The Pulumi CLI: an installed one is used as it is, else one is built once for this machine.

The build lies in the user's cache folder under its version and a hash of its lock, for all checkouts. `.tools/bin` of this
checkout holds a hard link to it (a copy on another file system) beside our language host, because the CLI looks for its
plugins in the folder of its real binary.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
from pathlib import Path

from tools.machine import go_build
from tools.machine.command import CommandFailed, run
from tools.machine.console import Step
from tools.machine.paths import ROOT, TOOLS, VENV_PYTHON, cache

OLDEST = (3, 272)
LANGUAGE_HOST = "pulumi-language-python"
LINK = TOOLS / "bin" / "pulumi"
ON_PATH = TOOLS / "pulumi-on-path"  # read by pulumiw


def prepare(step: Step) -> None:
    installed = installed_cli()
    if installed and _has_language_host(installed):
        _use_installed(installed)
        step.done(f"{version(installed)} as installed: {installed}")
        return
    source = installed or cached_cli()
    if not source.exists():
        _build(source, step)
    ON_PATH.unlink(missing_ok=True)
    _link(source)
    run(VENV_PYTHON, "-m", "plugins.language_python.launcher", LINK.parent, cwd=ROOT)
    origin = f"from {installed}" if installed else "built for this user"
    step.done(f"{version(LINK)} {origin}, with our Python language host")


def installed_cli() -> Path | None:
    """The first `pulumi` of the PATH that is new enough and none of ours."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        candidate = Path(folder) / "pulumi"
        if not os.access(candidate, os.X_OK) or candidate.parent.resolve() == LINK.parent.resolve():
            continue
        numbers = re.match(r"v?(\d+)\.(\d+)", version(candidate))
        if numbers and tuple(map(int, numbers.groups())) >= OLDEST:
            return candidate
    return None


def version(cli: Path) -> str:
    """What `pulumi version` says; empty where it does not run."""
    try:
        return run(cli, "version", env={"PULUMI_SKIP_UPDATE_CHECK": "true"}).strip()
    except CommandFailed:
        return ""


def cached_cli() -> Path:
    """Where the CLI of this lock is, or will be, for this user."""
    key = hashlib.sha256()
    for file in ("go.mod", "go.sum"):
        key.update((go_build.MODULE / file).read_bytes())
    key.update(repr(go_build.flags()).encode())
    system = f"{platform.system()}-{platform.machine()}".lower()
    return cache() / "pulumi" / f"{go_build.pinned_version()}-{key.hexdigest()[:12]}-{system}" / "pulumi"


def _has_language_host(cli: Path) -> bool:
    """The official installer puts it beside the CLI; ours in `.tools/bin` belongs to no installed one."""
    on_path = shutil.which(LANGUAGE_HOST)
    elsewhere = on_path is not None and Path(on_path).parent.resolve() != LINK.parent.resolve()
    return (cli.resolve().parent / LANGUAGE_HOST).exists() or elsewhere


def _use_installed(cli: Path) -> None:
    LINK.unlink(missing_ok=True)
    TOOLS.mkdir(exist_ok=True)
    ON_PATH.write_text(f"{cli}\n")


def _build(target: Path, step: Step) -> None:
    """One build at a time on this machine: a second checkout waits and then finds it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "lock").open("w") as lock:
        step.progress("waiting for another checkout's build, if there is one")
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            go_build.build(target, step)


def _link(source: Path) -> None:
    if LINK.exists() and _same(source, LINK):
        return
    LINK.parent.mkdir(parents=True, exist_ok=True)
    fresh = LINK.with_name("pulumi.new")  # a running CLI keeps its old file
    fresh.unlink(missing_ok=True)
    try:
        fresh.hardlink_to(source.resolve())
    except OSError:
        shutil.copy2(source, fresh)
    fresh.replace(LINK)


def _same(source: Path, link: Path) -> bool:
    """The same file, or a copy with its size and time."""
    one, other = source.stat(), link.stat()
    return one.st_ino == other.st_ino or (one.st_size, int(one.st_mtime)) == (other.st_size, int(other.st_mtime))
