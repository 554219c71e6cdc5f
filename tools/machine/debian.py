"""Packages of Debian and Ubuntu, installed only where we are root there."""

import os
import shutil
from pathlib import Path

from tools.machine.command import CommandFailed, follow, run
from tools.machine.console import Step
from tools.machine.problem import Problem

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
QUIETLY = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
APT = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0")


def is_debian() -> bool:
    """Debian or something made of it (Ubuntu and others say so in ID_LIKE)."""
    release = Path("/etc/os-release")
    lines = release.read_text().splitlines() if release.exists() else []
    values = [line.partition("=")[2].strip('"') for line in lines if line.startswith(("ID=", "ID_LIKE="))]
    return "debian" in " ".join(values).split()


def can_install() -> bool:
    return os.geteuid() == 0 and is_debian() and shutil.which("apt-get") is not None


def install(step: Step, *packages: str) -> None:
    """Install Debian packages. Raises Problem; check `can_install` first."""
    names = " ".join(packages)
    try:
        follow(*APT, "update", env=QUIETLY, on_line=lambda line: step.progress(f"apt-get update: {line}"))
        follow(
            *APT, "install", "--yes", "--no-install-recommends", *packages,
            env=QUIETLY, on_line=lambda line: step.progress(f"apt-get install {names}: {line}"),
        )  # fmt: skip
    except CommandFailed as error:
        raise Problem(f"Debian's packages {names} could not be installed.", error.output, f"apt-get install {names}") from error


def available(package: str) -> bool:
    """Whether the package lists know it."""
    try:
        return "Candidate: (none)" not in (answer := run("apt-cache", "policy", package)) and bool(answer.strip())
    except CommandFailed:
        return False


def has_certificates(step: Step) -> None:
    """A bare Debian trusts no certificate authority, so that nothing can be downloaded."""
    if not CERTIFICATES.exists() and can_install():
        install(step, "ca-certificates")
