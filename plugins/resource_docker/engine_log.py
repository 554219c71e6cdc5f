"""Messages to the people at the terminal: Pulumi's engine shows them at the resource they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import engine_pb2_grpc


class EngineLog:
    """Log lines by the engine's gRPC service; where there is no engine (a replay, a test) they are dropped."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address
        self._stub: engine_pb2_grpc.EngineStub | None = None

    def attach(self, address: str) -> None:
        self._address, self._stub = address, None

    def status(self, urn: str, message: str) -> None:
        """A passing line: shown while the operation runs, not kept."""
        self._send("INFO", urn, message, ephemeral=True)

    def info(self, urn: str, message: str) -> None:
        self._send("INFO", urn, message, ephemeral=False)

    def warning(self, urn: str, message: str) -> None:
        self._send("WARNING", urn, message, ephemeral=False)

    def _send(self, severity: str, urn: str, message: str, *, ephemeral: bool) -> None:
        if not self._address:
            return
        import grpc
        from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

        if self._stub is None:
            self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self._address))
        request = engine_pb2.LogRequest(severity=getattr(engine_pb2, severity), message=message, urn=urn, ephemeral=ephemeral)
        try:
            self._stub.Log(request, timeout=5)
        except grpc.RpcError:
            self._address = None
