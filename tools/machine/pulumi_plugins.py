"""The docker resource plugin: the official one where it is installed or can be had quickly, else ours.

Ours is installed as Pulumi installs any plugin, into a PULUMI_HOME of this checkout that exists only in that case (pulumiw
looks for it). STOCK_TRACKER_PLUGINS decides: `auto` (default), `official`, `own`.
"""

import hashlib
import io
import os
import shutil
import tarfile
from importlib.metadata import version
from pathlib import Path

from tools.machine.command import CommandFailed, run
from tools.machine.console import Step
from tools.machine.paths import OWN_PULUMI_HOME, ROOT, TOOLS
from tools.machine.problem import Problem

PACKAGE = "pulumi-docker"  # its version names the plugin's
SOURCE = ROOT / "plugins" / "resource_docker"
LAUNCHER = "pulumi-resource-docker"  # all that is installed; it runs the code of this checkout
CHOICES = ("auto", "official", "own")
DOWNLOAD_SECONDS = 15
PATIENT_DOWNLOAD_SECONDS = 180
STAMP = TOOLS / "docker-plugin"  # what made the last choice; a download that failed is not tried at every start


def prepare(step: Step) -> None:
    choice = os.environ.get("STOCK_TRACKER_PLUGINS") or "auto"
    if choice not in CHOICES:
        raise Problem(
            f"STOCK_TRACKER_PLUGINS must be one of {', '.join(CHOICES)}, got {choice!r}.", "",
            "unset STOCK_TRACKER_PLUGINS; tools/bootstrap",
        )  # fmt: skip
    stamp = f"{choice} {_fingerprint()}\n"
    settled = STAMP.exists() and STAMP.read_text() == stamp
    if choice != "own" and (_official().is_dir() or (not (settled and _own().is_dir()) and _download(choice, step))):
        shutil.rmtree(OWN_PULUMI_HOME / "plugins", ignore_errors=True)
        step.done(f"docker {_version()}, the official one: {_official()}")
        return
    if choice == "official":
        raise _not_to_be_had()
    if "PULUMI_HOME" in os.environ and Path(os.environ["PULUMI_HOME"]).resolve() != OWN_PULUMI_HOME.resolve():
        raise _home_is_set()
    if not (settled and _own().is_dir()):
        _install_own(step)
        STAMP.write_text(stamp)
    step.done(f"docker {_version()}, ours: the official one {_why_ours(choice)}")


def _version() -> str:
    return version(PACKAGE)


def _official() -> Path:
    home = os.environ.get("PULUMI_HOME") or str(Path.home() / ".pulumi")
    if Path(home).resolve() == OWN_PULUMI_HOME.resolve():  # a shell that took over `pulumiw env`
        home = str(Path.home() / ".pulumi")
    return Path(home) / "plugins" / f"resource-docker-v{_version()}"


def _own() -> Path:
    return OWN_PULUMI_HOME / "plugins" / f"resource-docker-v{_version()}"


def _why_ours(choice: str) -> str:
    return "was not asked for" if choice == "own" else "is not to be had here"


def _download(choice: str, step: Step) -> bool:
    step.progress("asking for Pulumi's own plugin")
    limit = DOWNLOAD_SECONDS if choice == "auto" else PATIENT_DOWNLOAD_SECONDS
    home = {"PULUMI_HOME": str(_official().parents[1]), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        run(_cli(), "plugin", "install", "resource", "docker", _version(), env=home, timeout_seconds=limit)
    except CommandFailed:
        shutil.rmtree(_official(), ignore_errors=True)  # half of one would be taken for a plugin
        return False
    return _official().is_dir()


def _cli() -> Path:
    return ROOT / "pulumiw"


def _install_own(step: Step) -> None:
    step.progress("packing and installing ours")
    archive = TOOLS / "resource-docker.tar.gz"
    _pack(archive)
    home = {"PULUMI_HOME": str(OWN_PULUMI_HOME), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        run(_cli(), "plugin", "install", "resource", "docker", _version(), "--reinstall", "--file", archive, env=home)
    except CommandFailed as error:
        raise Problem("Our docker plugin could not be installed.", error.output, "tools/bootstrap") from error
    finally:
        archive.unlink(missing_ok=True)


def _pack(archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(SOURCE / LAUNCHER, arcname=LAUNCHER)
        place = f"{ROOT}\n".encode()  # read by the launcher
        entry = tarfile.TarInfo("checkout")
        entry.size = len(place)
        tar.addfile(entry, io.BytesIO(place))


def _fingerprint() -> str:
    """Changes with what is packed, with its version and with the place of the checkout."""
    content = (SOURCE / LAUNCHER).read_bytes()
    return hashlib.sha256(content + _version().encode() + str(ROOT).encode()).hexdigest()[:16]


def _home_is_set() -> Problem:
    return Problem(
        f"PULUMI_HOME={os.environ['PULUMI_HOME']} has no docker plugin {_version()}, and Pulumi's own is not to be had here.",
        "Ours is put into a PULUMI_HOME of this checkout, which counts only where none is set.",
        "unset PULUMI_HOME; tools/bootstrap",
    )


def _not_to_be_had() -> Problem:
    return Problem(
        f"Pulumi's docker plugin {_version()} is not installed and could not be downloaded.",
        "STOCK_TRACKER_PLUGINS=official asks for it.",
        "unset STOCK_TRACKER_PLUGINS; tools/bootstrap   (ours then stands in for it)",
    )
