"""The `runtime.options` of a Pulumi.yaml: which Python runs the program.

Decides what of them this host does; the rest is refused by name, so that nobody believes it was heeded.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KNOWN = ("toolchain", "virtualenv", "typechecker")


class UnsupportedOption(Exception):  # noqa: N818 - names what happened, as the engine shows it
    """An option of Pulumi.yaml that this host does not do. Its text says what to write instead."""


@dataclass(frozen=True)
class Options:
    """`virtualenv` is absolute, or None where the program runs with the Python of the PATH."""

    virtualenv: Path | None

    @property
    def python(self) -> str:
        """The interpreter that runs the program."""
        return str(self.virtualenv / "bin" / "python") if self.virtualenv else _python_of_path()

    @property
    def exists(self) -> bool:
        """Whether the virtual environment can be used as it is."""
        return self.virtualenv is None or (self.virtualenv / "bin" / "python").exists()


def _python_of_path() -> str:
    """The command in PULUMI_PYTHON_CMD, else `python3`, and `python` where there is no such thing."""
    named = os.environ.get("PULUMI_PYTHON_CMD")
    return named or next((name for name in ("python3", "python") if shutil.which(name)), "python3")


def read_options(options: Mapping[str, Any], root_directory: str) -> Options:
    """Check `runtime.options`; relative paths in it count from the folder of Pulumi.yaml.

    Raises UnsupportedOption.
    """
    unknown = sorted(set(options) - set(KNOWN))
    if unknown:
        raise UnsupportedOption(
            f"runtime option {unknown[0]!r} in Pulumi.yaml is not known to this language host (it knows: {', '.join(KNOWN)})"
        )
    toolchain = str(options.get("toolchain") or "pip").lower()
    if toolchain != "pip":
        raise UnsupportedOption(
            f"runtime option 'toolchain: {toolchain}' in Pulumi.yaml is not done by this language host: "
            "it does 'toolchain: pip' (with 'virtualenv: DIR'). The official language host does uv and poetry."
        )
    typechecker = str(options.get("typechecker") or "none").lower()
    if typechecker != "none":
        raise UnsupportedOption(
            f"runtime option 'typechecker: {typechecker}' in Pulumi.yaml is not done by this language host: "
            f"leave it out and run {typechecker} yourself. The official language host does it."
        )
    virtualenv = options.get("virtualenv")
    if not isinstance(virtualenv, str | None):
        raise UnsupportedOption(f"runtime option 'virtualenv' in Pulumi.yaml has to be a text, got {virtualenv!r}")
    return Options(Path(root_directory) / virtualenv if virtualenv else None)
