import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ops.lock import clear_dead_locks, read_locks
from ops.stack import Stack
from tools.machine.problem import Problem


class FakeStack(Stack):
    def __init__(self, folder):
        super().__init__("local")
        self.folder, self.asked = folder, []

    def locks(self):
        return self.folder

    def ask(self, *words):
        self.asked.append(words)
        return ""


def write_lock(folder, pid, host=None):
    content = {"pid": pid, "username": "me", "hostname": host or socket.gethostname(), "timestamp": "2026-01-05T09:15:00+05:30"}
    (folder / f"{pid}.json").write_text(json.dumps(content))


@pytest.fixture
def dead_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_lock_of_a_dead_process_is_cleared(tmp_path, dead_pid):
    write_lock(tmp_path, dead_pid)
    stack = FakeStack(tmp_path)
    assert [lock.pid for lock in clear_dead_locks(stack)] == [dead_pid]
    assert stack.asked == [("cancel", "--yes")]


def test_a_lock_whose_id_another_program_has_by_now_is_cleared(tmp_path):
    write_lock(tmp_path, os.getpid())
    stack = FakeStack(tmp_path)
    assert clear_dead_locks(stack), "this process is no Pulumi"


def test_a_living_pulumi_keeps_its_lock(tmp_path):
    program = tmp_path / "pulumi"
    shutil.copy("/bin/sleep", program)
    process = subprocess.Popen([program, "30"])
    try:
        while Path(f"/proc/{process.pid}/comm").read_text().strip() != "pulumi":
            time.sleep(0.01)  # the kernel names a process a moment after its parent goes on
        write_lock(tmp_path, process.pid)
        stack = FakeStack(tmp_path)
        with pytest.raises(Problem, match=f"process {process.pid}"):
            clear_dead_locks(stack)
        assert stack.asked == [], "a live lock is never broken"
    finally:
        process.kill()
        process.wait()


def test_a_lock_of_another_host_is_never_called_dead(tmp_path, dead_pid):
    write_lock(tmp_path, dead_pid, "elsewhere")
    with pytest.raises(Problem, match="on elsewhere") as caught:
        clear_dead_locks(FakeStack(tmp_path))
    assert "cancel" in caught.value.next_command, "the reader must know the way out"


def test_a_half_written_lock_counts_as_held(tmp_path):
    (tmp_path / "x.json").write_text('{"pid": 1')
    with pytest.raises(Problem):
        clear_dead_locks(FakeStack(tmp_path))


def test_no_folder_is_no_lock(tmp_path):
    assert read_locks(tmp_path / "none") == []
