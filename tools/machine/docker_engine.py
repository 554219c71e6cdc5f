"""A Docker engine that answers: the one that DOCKER_HOST or the default socket names, else one of our own making.

Own making means Debian's `docker.io`, and only where we are root on Debian or Ubuntu; the daemon is started with
systemd where that runs, else by ourselves.
"""

import os
import shutil
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tools.machine import debian
from tools.machine.command import CommandFailed, run
from tools.machine.console import Step
from tools.machine.problem import Problem

DEFAULT_HOST = "unix:///var/run/docker.sock"
OLDEST_API = (1, 41)  # Docker 20.10
START_SECONDS = 60
ANSWER_SECONDS = 10
DAEMON = ["sh", "-c", "ulimit -n $(cat /proc/sys/fs/nr_open) 2>/dev/null; exec dockerd"]
"""With as many open files as Debian's own unit gives it, where we may: a published port takes six for each connection."""
DAEMON_LOG = Path("/var/log/dockerd.log")


def prepare(step: Step) -> None:
    failure = why_silent()
    if failure and _may_start():
        _start(step)
        failure = why_silent()
    if failure:
        raise _unreachable(failure)
    with closing(client()) as engine:
        version = engine.version()
    if tuple(int(part) for part in version["ApiVersion"].split(".")) < OLDEST_API:
        raise Problem(
            f"Docker {version['Version']} (API {version['ApiVersion']}) at {host()} is too old.",
            "20.10 (API 1.41) or newer is needed.",
            "docker version   (and update the engine)",
        )
    step.done(f"Docker {version['Version']} (API {version['ApiVersion']}) at {host()}")


def host() -> str:
    return os.environ.get("DOCKER_HOST") or DEFAULT_HOST


def client(timeout_seconds: int = ANSWER_SECONDS) -> Any:
    """A client of the docker SDK for `host()`. Raises the SDK's own errors."""
    import docker  # not there before the virtual environment is

    return docker.DockerClient(
        base_url=host(), version="auto", timeout=timeout_seconds, tls=_tls(), use_ssh_client=host().startswith("ssh:")
    )


def _tls() -> Any:
    from docker.utils import kwargs_from_env

    return kwargs_from_env().get("tls", False)


def why_silent() -> str:
    """Empty when the engine answers, else its words or the system's."""
    try:
        with closing(client()) as engine:
            engine.ping()
    except Exception as error:
        return _innermost(error)
    return ""


def _innermost(error: BaseException) -> str:
    """The SDK wraps the system's plain words several times."""
    seen: BaseException = error
    while seen.__cause__ or seen.__context__:
        seen = seen.__cause__ or seen.__context__ or seen
    return f"{seen.strerror}" if isinstance(seen, OSError) and seen.strerror else str(seen)


def _may_start() -> bool:
    """Only the default engine of this very machine is ours to start."""
    return host() == DEFAULT_HOST and os.geteuid() == 0 and (shutil.which("dockerd") is not None or debian.can_install())


def _start(step: Step) -> None:
    if shutil.which("dockerd") is None:
        packages = ["docker.io"]
        step.progress("installing docker.io")
        debian.install(step, *packages)
        if shutil.which("docker") is None and debian.available("docker-cli"):  # a package of its own since Debian 13
            debian.install(step, "docker-cli")
    if not why_silent():  # the package may have started it
        return
    step.progress("starting the daemon")
    if Path("/run/systemd/system").is_dir():
        _start_with_systemd()
    else:
        _start_daemon(step)


def _start_with_systemd() -> None:
    try:
        run("systemctl", "start", "docker")
    except CommandFailed as error:
        raise Problem("systemd could not start Docker.", error.output, "journalctl -u docker") from error


def _start_daemon(step: Step) -> None:
    """Start `dockerd` for as long as the machine runs, and wait until it answers or gives up."""
    _forget_dead_daemon()
    with DAEMON_LOG.open("wb") as log:
        daemon = subprocess.Popen(DAEMON, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/")
    deadline = time.monotonic() + START_SECONDS
    while why_silent():
        step.progress("waiting for the daemon to answer")
        if daemon.poll() is not None or time.monotonic() > deadline:
            raise Problem("The Docker daemon was started, but it does not answer.", _last_words(DAEMON_LOG), f"less {DAEMON_LOG}")
        time.sleep(0.5)


def _forget_dead_daemon(folder: Path = Path("/var/run")) -> None:
    """A daemon that was killed leaves files with process ids, which a new one believes even where another program has the id."""
    for file, program in ((folder / "docker.pid", "dockerd"), (folder / "docker/containerd/containerd.pid", "containerd")):
        if file.exists():
            running = Path("/proc") / file.read_text().strip() / "comm"
            if not running.exists() or running.read_text().strip() != program:
                file.unlink()


def _last_words(log: Path) -> str:
    """Why a daemon gave up: the line that says so, else the last few."""
    lines = log.read_text(errors="replace").splitlines()
    return next((line for line in reversed(lines) if line.startswith("failed to start")), "\n".join(lines[-5:]))


def _unreachable(failure: str) -> Problem:
    """E1: not running, or not allowed."""
    what = f"Cannot reach Docker at {host()}: {failure}."
    other = _answering_elsewhere()
    if other:
        return Problem(what, f"Another engine answers at {other}.", f"export DOCKER_HOST={other}; tools/bootstrap")
    if "ermission" in failure:
        return Problem(
            what,
            "It runs, but your user may not use it.",
            "sudo usermod -aG docker $USER, log in again, then: tools/bootstrap",
        )
    if "DOCKER_HOST" in os.environ:
        return Problem(what, "DOCKER_HOST names it.", "unset DOCKER_HOST (or start that engine), then: tools/bootstrap")
    if debian.is_debian():
        return Problem(
            what,
            "It is not running or not installed, and only root may change that.",
            "sudo apt-get install docker.io, or start it: sudo systemctl start docker; then: tools/bootstrap",
        )
    return Problem(what, "It is not running.", "start Docker (20.10 or newer), then: tools/bootstrap")


def _answering_elsewhere() -> str:
    """Engines of one user (rootless, Docker Desktop, Colima) listen on sockets of their own."""
    if "DOCKER_HOST" in os.environ:
        return ""
    home = Path.home()
    sockets = [home / ".docker/run/docker.sock", home / ".docker/desktop/docker.sock", home / ".colima/default/docker.sock"]
    if os.environ.get("XDG_RUNTIME_DIR"):
        sockets.insert(0, Path(os.environ["XDG_RUNTIME_DIR"]) / "docker.sock")
    for socket in sockets:
        if socket.is_socket():
            return f"unix://{socket}"
    return ""
