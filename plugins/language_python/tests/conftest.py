import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from plugins.language_python.tests.engine import serve_engine

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def host(tmp_path):
    """The language host as the CLI starts it: `stub` speaks to it; `output` is the file its programs write to."""
    with serve_engine() as (address, monitor, engine), (tmp_path / "host-stderr").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "plugins.language_python", "--logtostderr", address],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        assert process.stdout
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield SimpleNamespace(
                stub=language_pb2_grpc.LanguageRuntimeStub(channel),
                channel=channel, process=process, address=address, monitor=monitor, engine=engine,
            )  # fmt: skip
        if process.poll() is None:
            os.kill(process.pid, signal.SIGINT)
        process.stdout.close()
        process.wait(timeout=10)


@pytest.fixture
def program(tmp_path):
    """A folder for a program: call it with the text of `__main__.py`, get the ProgramInfo the engine would send."""

    def write(text, **options):
        folder = tmp_path / "program"
        folder.mkdir(exist_ok=True)
        (folder / "__main__.py").write_text(text)
        struct = Struct()
        struct.update({"virtualenv": sys.prefix, **options})
        return language_pb2.ProgramInfo(
            root_directory=str(tmp_path), program_directory=str(folder), entry_point=".", options=struct
        )

    return write
