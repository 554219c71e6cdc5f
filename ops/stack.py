"""One stack of this checkout, asked and changed through ./pulumiw. Nothing here knows what the stack consists of."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ops.access import ROOT
from tools.machine.problem import Problem

PROJECT = "stock-tracker"


@dataclass(frozen=True)
class State:
    """What Pulumi knows of the stack: resources as in `pulumi stack export`."""

    resources: Sequence[Mapping[str, Any]]
    pending: Sequence[Mapping[str, Any]]

    def ids(self, kind: str) -> set[str]:
        """Ids of all resources of a type, such as `docker:index/container:Container`."""
        return {str(resource.get("id")) for resource in self.resources if resource["type"] == kind}

    def failed_migrations(self) -> list[str]:
        """URNs of jobs that ended with an exit code other than 0; Pulumi takes them for done."""
        return [r["urn"] for r in self.resources if r.get("outputs", {}).get("attach") and r["outputs"].get("exitCode")]


class Stack:
    """A stack by name."""

    def __init__(self, name: str, root: Path = ROOT) -> None:
        self.name, self.root = name, root

    @property
    def label(self) -> str:
        """The value of `stk.stack` on everything it makes."""
        return f"{PROJECT}/{self.name}"

    def config(self) -> dict[str, str]:
        """Plain values by key without the project's prefix; secret ones are left out.

        Raises:
            Problem: there is no such stack.
        """
        found = json.loads(self.ask("config", "--json"))
        return {key.removeprefix(f"{PROJECT}:"): entry["value"] for key, entry in found.items() if "value" in entry}

    def state(self) -> State:
        """The state as it was last written."""
        deployment = json.loads(self.ask("stack", "export")).get("deployment", {})
        return State(deployment.get("resources") or [], deployment.get("pending_operations") or [])

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs; empty when it was never up."""
        found: dict[str, Any] = json.loads(self.ask("stack", "output", "--json"))
        return found

    def locks(self) -> Path:
        """The folder of the stack's lock files, where state is in local files."""
        backend = self.environment().get("PULUMI_BACKEND_URL", f"file://{self.root}")
        folder = Path(unquote(urlsplit(backend).path)) if backend.startswith("file://") else self.root
        return folder / ".pulumi" / "locks" / "organization" / PROJECT / self.name

    def environment(self) -> dict[str, str]:
        """Of every pulumi command that is run from here: never the long set-up, and event logs allowed."""
        return {**os.environ, "STOCK_TRACKER_BOOTSTRAP": "1", "PULUMI_DEBUG_COMMANDS": "1"}

    def command(self, *words: str) -> list[str]:
        """The command line that does `words` to this stack."""
        return [str(self.root / "pulumiw"), *words, "--stack", self.name, "--non-interactive"]

    def ask(self, *words: str) -> str:
        """Run a short command and return what it prints.

        Raises:
            Problem: it failed; the text is Pulumi's own last line.
        """
        done = subprocess.run(
            self.command(*words), cwd=self.root, env=self.environment(), capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return done.stdout
        last = (done.stderr.strip().splitlines() or ["no message"])[-1].removeprefix("error: ")
        if "no stack named" in last:
            raise Problem(f"There is no stack {self.name} in this checkout.", "", f"tools/bootstrap --stack {self.name}")
        raise Problem(f"pulumi {' '.join(words[:2])} failed.", last, f"./pulumiw {' '.join(words)} --stack {self.name}")
