"""Chromium, for the one test that looks at the page as a person does. Only `make test` asks for it."""

import shutil

from tools.machine import debian
from tools.machine.console import Step
from tools.machine.problem import Problem

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def prepare(step: Step) -> None:
    if not find() and debian.can_install():
        debian.install(step, "chromium")
    found = find()
    if not found:
        raise Problem(
            "No Chromium is installed: the page cannot be tested as a browser shows it.", "",
            "install it (Debian: sudo apt-get install chromium), then: make test",
        )  # fmt: skip
    step.done(found)


def find() -> str:
    """Path of the browser; empty for none."""
    return next((path for path in map(shutil.which, NAMES) if path), "")
