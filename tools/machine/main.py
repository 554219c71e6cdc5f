"""The steps in their order. Before `.venv` stands, only the standard library runs; afterwards its Python goes on."""

import argparse
import fcntl
import os
import sys
import time

from tools.machine import python_environment
from tools.machine.console import step
from tools.machine.paths import ROOT, TOOLS, VENV_PYTHON
from tools.machine.problem import Problem

RUNNING = "STOCK_TRACKER_BOOTSTRAP"  # time it began; also keeps pulumiw from starting us again
STACK = "STOCK_TRACKER_STACK"
READY = TOOLS / "ready"  # pulumiw starts us where it is missing


def main(words: list[str]) -> int:
    """Exit codes: 0 ready, 2 something is missing (said what, and the next command), 130 interrupted."""
    options = _options(words)
    try:
        if RUNNING in os.environ:
            _second_half(options)
            return 0
        _lock()
        os.environ[RUNNING] = str(time.time())
        with step("python") as current:
            python_environment.prepare(current)
        sys.stdout.flush()
        os.chdir(ROOT)
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), "-m", "tools.machine.main", *words])  # noqa: S606
    except Problem as problem:
        print(f"\ntools/bootstrap: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ntools/bootstrap: interrupted. It goes on where it was: tools/bootstrap", file=sys.stderr)
        return 130


def _second_half(options: argparse.Namespace) -> None:
    from tools.machine import base_image, browser, certificates, docker_engine, pulumi_cli, pulumi_plugins, stack

    for name, prepare in (
        ("docker", docker_engine.prepare),
        ("base image", base_image.prepare),
        ("build CA", certificates.prepare),
        ("pulumi", pulumi_cli.prepare),
        ("plugins", pulumi_plugins.prepare),
    ):
        with step(name) as current:
            prepare(current)
    with step("stack") as current:
        stack.prepare(current, options.stack)
    if options.browser:
        with step("browser") as current:
            browser.prepare(current)
    READY.touch()
    print(f"ready in {time.time() - float(os.environ[RUNNING]):.1f} s")


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/bootstrap",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Make this machine ready for Stock Tracker; what is there already is only checked.",
        epilog="""\
It needs Python 3.11 and sees to: .venv with the locked packages and Node; a Docker engine that answers; the image
debian:trixie-slim; certificates for image builds; the Pulumi CLI and its plugins; a stack and its secrets.

environment:
  STOCK_TRACKER_PLUGINS   auto (default), official or own: whose docker plugin Pulumi uses
  STOCK_TRACKER_STACK     default of --stack
  DOCKER_HOST             the Docker engine to use
  XDG_CACHE_HOME          where the built CLI is kept for all checkouts (default ~/.cache)
  PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE_FILE, PULUMI_HOME   heeded where set

exit codes: 0 ready, 2 something is missing, 130 interrupted""",
    )
    parser.add_argument("--stack", default=os.environ.get(STACK) or "local", help="stack to make and give its secrets")
    parser.add_argument("--browser", action="store_true", help="also see to Chromium, for make test")
    return parser.parse_args(words)


def _lock() -> None:
    """One set-up at a time in a checkout. The lock goes with the process, through its exec too."""
    TOOLS.mkdir(exist_ok=True)
    descriptor = os.open(TOOLS / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("another tools/bootstrap runs in this checkout; waiting for it", flush=True)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.set_inheritable(descriptor, True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
