"""A stand-in for the engine: as much of its monitor and log services as a program without resources calls."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    def GetDeploymentInfo(self, request, context):  # noqa: N802
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "an engine of before this call")

    def SupportsFeature(self, request, context):  # noqa: N802
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id == "secrets")

    def RegisterResource(self, request, context):  # noqa: N802
        return resource_pb2.RegisterResourceResponse(urn=f"urn:pulumi:dev::p::{request.type}::{request.name}")

    def RegisterResourceOutputs(self, request, context):  # noqa: N802
        self.outputs = dict(request.outputs)
        return Empty()

    def SignalAndWaitForShutdown(self, request, context):  # noqa: N802
        return Empty()


class Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self):
        self.errors = []

    def Log(self, request, context):  # noqa: N802
        if request.severity == engine_pb2.ERROR:
            self.errors.append(request.message)
        return Empty()


@contextmanager
def serve_engine():
    """Yield (address, monitor, engine); both services share the address."""
    server, monitor, engine = grpc.server(ThreadPoolExecutor(8)), Monitor(), Engine()
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", monitor, engine
    finally:
        server.stop(None).wait()
