"""`debian:trixie-slim`, the image every other one is built from: present, else pulled, else made here.

Made here means mmdebstrap from Debian's packages, without manuals and translations, under the same tag (about 78 MB).
"""

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

from tools.machine import debian
from tools.machine.command import CommandFailed, follow
from tools.machine.console import Step
from tools.machine.docker_engine import client
from tools.machine.paths import TOOLS
from tools.machine.problem import Problem

REPOSITORY, TAG = "debian", "trixie-slim"
NAME = f"{REPOSITORY}:{TAG}"
SILENCE_SECONDS = 15  # a registry that says nothing for so long is not there
IMPORT_SECONDS = 300
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LEFT_OUT = ["/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/doc/*"]
KEPT = ["/usr/share/doc/*/copyright"]
SETTINGS = ['CMD ["bash"]']  # no PATH: Docker's default is the same, and a container without one shows only what it was given


def prepare(step: Step) -> None:
    image, origin = _find(), "present"
    if image is None:
        origin = "pulled"
        refusal = _pull(step)
        if refusal:
            origin = "made from Debian's packages"
            _make(step, refusal)
        image = _find()
    assert image, "pulled or made a moment ago"
    step.done(f"{NAME} {origin}: {image.id.removeprefix('sha256:')[:12]}, {image.attrs['Size'] / 1e6:.1f} MB")


def _find() -> Any:
    from docker.errors import ImageNotFound

    try:
        with closing(client()) as engine:
            return engine.images.get(NAME)
    except ImageNotFound:
        return None


def _pull(step: Step) -> str:
    """Empty when it worked, else why not."""
    step.progress(f"pulling {NAME}")
    try:
        for event in client(SILENCE_SECONDS).api.pull(REPOSITORY, tag=TAG, stream=True, decode=True):
            if "error" in event:
                return str(event["error"])
            step.progress(f"pulling {NAME}: {event.get('status', '')} {event.get('progress', '')}")
    except Exception as error:
        return str(error)
    return ""


def _make(step: Step, refusal: str) -> None:
    _need_tools(step, refusal)
    archive = TOOLS / "base-image.tar"
    archive.parent.mkdir(exist_ok=True)
    options = [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
    options += [f"--dpkgopt=path-include={pattern}" for pattern in KEPT]
    try:
        follow(
            "mmdebstrap", "--variant=minbase", f"--keyring={KEYRING}", *options, "trixie", archive,
            on_line=lambda line: step.progress(f"mmdebstrap: {line}"), cwd=Path("/"),
        )  # fmt: skip
        step.progress("importing")
        client(IMPORT_SECONDS).api.import_image_from_file(str(archive), repository=REPOSITORY, tag=TAG, changes=SETTINGS)
    except CommandFailed as error:
        raise Problem(f"{NAME} could not be made from Debian's packages.", error.output, "tools/bootstrap") from error
    finally:
        archive.unlink(missing_ok=True)


def _need_tools(step: Step, refusal: str) -> None:
    missing = [] if shutil.which("mmdebstrap") else ["mmdebstrap"]
    missing += [] if KEYRING.exists() else ["debian-archive-keyring"]
    if missing and not debian.can_install():
        raise Problem(
            f"No registry can be reached, and the image {NAME} is not here.",
            f"{refusal}\nIt can be made from Debian's packages, but {' and '.join(missing)} must be installed for that.",
            f"sudo apt-get install {' '.join(missing)} && tools/bootstrap, or from elsewhere: docker load -i FILE",
        )
    if missing:
        debian.install(step, *missing)
