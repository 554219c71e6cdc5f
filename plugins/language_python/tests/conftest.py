import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from plugins.language_python.tests.engine import serve_engine

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def start_host():
    """The language host as the CLI starts it: `stub` speaks to it, its programs write to `process.stdout`."""
    with serve_engine() as (address, monitor, engine):
        process = subprocess.Popen(
            [sys.executable, "-m", "plugins.language_python", "--logtostderr", address],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stdout
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield SimpleNamespace(
                stub=language_pb2_grpc.LanguageRuntimeStub(channel),
                process=process, address=address, monitor=monitor, engine=engine,
            )  # fmt: skip
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.stdout.close()
        process.wait(timeout=10)


@pytest.fixture(scope="session")
def shared_host():
    with start_host() as started:
        yield started


@pytest.fixture
def host(shared_host):
    """A host that all tests use one after the other; what was told to its engine is forgotten before each."""
    shared_host.engine.errors.clear()
    shared_host.monitor.outputs = {}
    return shared_host


@pytest.fixture
def own_host():
    """A host for a test that ends it."""
    with start_host() as started:
        yield started


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
