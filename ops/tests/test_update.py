import io
import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console

from ops.stack import Stack
from ops.update import INTERRUPTED, run_update

PULUMI = """
import json, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)  # as Pulumi does before its engine listens
print("begun", file=open(sys.argv[1], "w"), flush=True)
time.sleep(0.5)
signal.signal(signal.SIGINT, lambda number, frame: sys.exit(255))
log = sys.argv[sys.argv.index("--event-log") + 1]
print(json.dumps({"preludeEvent": {}}), file=open(log, "a"), flush=True)
time.sleep(20)
"""


class FakeStack(Stack):
    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", PULUMI, f"{self.root}/begun", *words]

    def environment(self) -> dict[str, str]:
        return dict(os.environ)


@pytest.mark.timeout(30)
def test_an_interrupt_that_comes_before_pulumi_listens_is_not_lost(tmp_path):
    def interrupt():
        while not (tmp_path / "begun").exists():
            pass
        os.kill(os.getpid(), signal.SIGINT)

    said = io.StringIO()
    threading.Thread(target=interrupt, daemon=True).start()
    code, _ = run_update(FakeStack("fake", Path(tmp_path)), Console(file=said), "up")
    assert code == INTERRUPTED, "an update that goes on to its end after Ctrl-C did not obey"
    assert said.getvalue().count("ending what has begun") == 1
