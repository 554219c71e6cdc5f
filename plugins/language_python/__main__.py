"""Serve the language host: `python -m plugins.language_python [engine options] ENGINE_ADDRESS`.

Prints its port as the first line of standard output, as every Pulumi plugin does, and ends on SIGINT, on SIGTERM
and when the engine that started it is gone.
"""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import language_pb2_grpc

from plugins.language_python.host import LanguageHost

ENGINE_CHECK_SECONDS = 1.0
UNLIMITED_MESSAGES = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def main(arguments: list[str]) -> int:
    """Serve until told to stop.

    The engine's address is the last argument; the flags before it (logging, tracing) concern the engine's own plugins.
    """
    if not arguments or arguments[-1].startswith("-"):
        print("usage: pulumi-language-python ENGINE_ADDRESS (the Pulumi CLI starts this program)", file=sys.stderr)
        return 2
    engine_process = os.getppid()  # before anyone can know our port: later it might be gone already
    host = LanguageHost(engine_address=arguments[-1])
    server = grpc.server(ThreadPoolExecutor(max_workers=8), options=UNLIMITED_MESSAGES)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    server.start()
    print(port, flush=True)
    _wait(stopping, engine_process)
    host.stop()
    server.stop(grace=None)
    return 0


def _wait(stopping: threading.Event, engine_process: int) -> None:
    """Return when told to stop, or when the engine was killed and nobody can tell us."""
    while not stopping.wait(ENGINE_CHECK_SECONDS):
        if os.getppid() != engine_process:
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
