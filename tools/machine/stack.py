"""A stack to work with, the name of this checkout in it, and the secrets that it lacks.

Secrets are random, made here and nowhere else, and given to `pulumi config set --secret` on its standard input: no command
line, no environment and no file of ours ever holds one.
"""

import hashlib
import re
import secrets
from pathlib import Path

from tools.machine import passphrase
from tools.machine.command import CommandFailed, run
from tools.machine.console import Step
from tools.machine.paths import ROOT
from tools.machine.problem import Problem

PROJECT = "stock-tracker"
SECRETS = ("redisPassword", "postgresPassword", "controlKey", "clientKey")
SECRET_BYTES = 32
OWNER = "owner"


def prepare(step: Step, name: str) -> None:
    settings = ROOT / f"Pulumi.{name}.yaml"
    if settings.exists():
        passphrase.check(settings)
    made_stack = _select_or_init(name)
    configured = _configured(settings.read_text() if settings.exists() else "")
    if OWNER not in configured:
        _pulumi("config", "set", "--stack", name, OWNER, owner())
    lacking = [key for key in SECRETS if key not in configured]
    for key in lacking:
        step.progress(f"making {key}")
        _pulumi("config", "set", "--stack", name, "--secret", key, given=secrets.token_urlsafe(SECRET_BYTES))
    made = "made, " if made_stack else ""
    step.done(f"{name}: {made}{len(lacking) or 'no'} secret{'s' if len(lacking) != 1 else ''} made, {len(SECRETS)} set")


def owner(root: Path = ROOT) -> str:
    """A short name for this checkout: what it makes on an engine carries it, so that another checkout can tell whose it is."""
    folder = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-")[:40] or "checkout"
    return f"{folder}-{hashlib.sha256(str(root).encode()).hexdigest()[:6]}"


def _select_or_init(name: str) -> bool:
    """Whether the stack was made. Another stack that is selected stays selected."""
    selected = _selected()
    if selected == name:
        return False
    stacks = re.findall(r'"name": "([^"]+)"', _pulumi("stack", "ls", "--json"))
    exists = name in (stack.rsplit("/", 1)[-1] for stack in stacks)
    if not exists:
        _pulumi("stack", "init", name, *(["--no-select"] if selected else []))
    elif not selected:
        _pulumi("stack", "select", name)
    return not exists


def _selected() -> str:
    """Name of the selected stack; empty for none, or one that is gone."""
    try:
        return run(ROOT / "pulumiw", "stack", "--show-name", "--non-interactive", cwd=ROOT).strip()
    except CommandFailed:
        return ""


def _configured(settings: str) -> set[str]:
    """Keys of this project in the text of a Pulumi.<stack>.yaml."""
    return set(re.findall(rf"^\s+{PROJECT}:(\w+):", settings, re.MULTILINE))


def _pulumi(*words: str, given: str = "") -> str:
    try:
        return run(ROOT / "pulumiw", *words, "--non-interactive", cwd=ROOT, given=given)
    except CommandFailed as error:
        raise Problem(f"pulumi {' '.join(words[:2])} failed.", error.output, f"./pulumiw {' '.join(words)}") from error
