"""Start the plugin as Pulumi's engine does: `pulumi-resource-docker [<engine address>]`; the port is the first line printed.

Lives until a signal comes or the engine is gone, killed perhaps. Started by its launcher with `python -I`, so the checkout
is not on the path yet; the SDK's generated stubs are taken without the SDK itself, which would cost most of the start-up time.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WORKERS = 64
ENGINE_CHECK_SECONDS = 2.0


def _stubs_without_sdk() -> None:
    """Make `pulumi.runtime.proto` importable without running `pulumi/__init__.py` and all that it pulls in."""
    found = importlib.util.find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("pulumi-resource-docker: the Python package pulumi is missing; run tools/bootstrap")
    folder = Path(next(iter(found.submodule_search_locations)))
    for name, path in (
        ("pulumi", folder),
        ("pulumi.runtime", folder / "runtime"),
        ("pulumi.runtime.proto", folder / "runtime/proto"),
    ):
        module = types.ModuleType(name)
        module.__path__ = [str(path)]
        sys.modules[name] = module


def main(arguments: list[str]) -> int:
    import grpc
    from pulumi.runtime.proto import provider_pb2_grpc

    from plugins.resource_docker.engine_log import EngineLog
    from plugins.resource_docker.server import ResourceProvider

    engine_process = os.getppid()  # before anyone can know our port: later it might be gone already
    log = EngineLog(next((argument for argument in reversed(arguments) if not argument.startswith("-")), None))
    server = grpc.server(
        ThreadPoolExecutor(max_workers=WORKERS),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(ResourceProvider(log), server)
    port = server.add_insecure_port("127.0.0.1:0")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    server.start()
    print(port, flush=True)
    while not stopped.wait(ENGINE_CHECK_SECONDS) and os.getppid() == engine_process:
        pass
    server.stop(None)
    # Work in progress must not keep the process: the engine that wanted it is gone.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    _stubs_without_sdk()
    raise SystemExit(main(sys.argv[1:]))
