"""The one user of the pub/sub profile: lets processes of their own search for the knee; a meter that shares Locust's is none."""

import json
import subprocess
import sys
import time
from typing import ClassVar

import gevent
from locust import User

from loadtests.reading import KNEE
from ops.access import ROOT


def wait(_: "Publisher") -> None:
    """The search is done once."""
    gevent.sleep(3600)


class Publisher(User):  # type: ignore[misc]
    """`environment.access` says which stack; what is found goes to `environment.meter`."""

    tasks: ClassVar = [wait]

    def on_start(self) -> None:
        """Search, cooperatively: Locust has patched `subprocess`."""
        began = time.time()
        access = self.environment.access
        words = ["--base-url", access.base_url, *(["--stack", access.stack] if access.stack else [])]
        command = [sys.executable, "-m", "loadtests.pubsub", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            self.environment.meter.knee = json.loads(done.stdout)
        self._report(began, None if done.returncode == 0 else RuntimeError(done.stderr.strip()[-300:]))

    def _report(self, began: float, exception: Exception | None) -> None:
        self.environment.events.request.fire(
            request_type="PUBSUB",
            name=KNEE,
            response_time=(time.time() - began) * 1000,
            response_length=0,
            exception=exception,
            context={},
            start_time=began,
        )
