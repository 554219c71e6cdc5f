"""The plugin as the engine sees it: a process of its own, started by its launcher, spoken to by gRPC."""

import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from plugins.resource_docker.properties import from_struct, to_struct

LAUNCHER = Path(__file__).parents[1] / "pulumi-resource-docker"


class Plugin:
    def __init__(self, process, port, startup_seconds):
        self.process, self.startup_seconds = process, startup_seconds
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def close(self):
        self._channel.close()

    def configure(self, **inputs):
        return self.stub.Configure(provider_pb2.ConfigureRequest(args=to_struct(inputs)), timeout=30)

    def check(self, token, name, news, olds=None):
        request = provider_pb2.CheckRequest(
            urn=f"urn:pulumi:dev::test::{token}::{name}",
            type=token,
            name=name,
            news=to_struct(news),
            olds=to_struct(olds or {}),
            randomSeed=b"seed",
        )
        answer = self.stub.Check(request, timeout=30)
        return from_struct(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def invoke(self, token, **arguments):
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=to_struct(arguments)), timeout=30)
        return from_struct(getattr(answer, "return"))

    def cancel(self):
        self.stub.Cancel(empty_pb2.Empty(), timeout=5)


@contextmanager
def running_plugin(*, launcher=LAUNCHER, cwd=None, env=None):
    started = time.monotonic()
    process = subprocess.Popen([launcher, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True, cwd=cwd, env=env)
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    plugin = Plugin(process, port, time.monotonic() - started)
    try:
        yield plugin
    finally:
        plugin.close()
        process.terminate()
        process.wait(10)
        process.stdout.close()
