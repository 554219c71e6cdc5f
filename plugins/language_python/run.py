"""One run of a program: its command line and environment, its process, and what its end means to the engine."""

import json
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

from plugins.language_python.options import Options

PROGRAM_RUNNER = Path(__file__).with_name("program.py")
EXIT_REPORTED = 32  # program.py told the engine already
STOP_SECONDS = 5


class Program:
    """The child process of one Run call. `request` is a RunRequest."""

    def __init__(self, request: Any, options: Options, engine_address: str) -> None:
        self._process = subprocess.Popen(
            command_line(request, options, engine_address),
            cwd=request.info.program_directory,
            env=program_environment(request, options),
            stdin=subprocess.DEVNULL,  # output goes where ours goes: the engine reads it from there
        )

    def wait(self) -> int:
        """Exit code; negative: ended by that signal."""
        return self._process.wait()

    def interrupt(self) -> None:
        """Ask the program to end, as Ctrl-C would, and end it forcibly if it has not soon; returns at once."""
        self._end(signal.SIGINT)

    def stop(self) -> None:
        """End the program, forcibly if it does not end by itself; returns when it has ended."""
        killer = self._end(signal.SIGTERM)
        self._process.wait()
        killer.cancel()

    def _end(self, number: signal.Signals) -> threading.Timer:
        self._process.send_signal(number)
        killer = threading.Timer(STOP_SECONDS, self._process.kill)
        killer.daemon = True
        killer.start()
        return killer


def command_line(request: Any, options: Options, engine_address: str) -> list[str]:
    """Settings as one argument: nothing in them is secret (configuration goes through the environment)."""
    settings = {
        "monitor": request.monitor_address,
        "engine": engine_address,
        "project": request.project,
        "stack": request.stack,
        "organization": request.organization,
        "root_directory": request.info.root_directory,
        "parallel": request.parallel,
        "dry_run": request.dryRun,
    }
    program = Path(request.info.program_directory) / (request.info.entry_point or ".")
    return [options.python, "-u", str(PROGRAM_RUNNER), json.dumps(settings), str(program), *request.args]


def program_environment(request: Any, options: Options) -> dict[str, str]:
    """Our own environment with the virtual environment active and the stack's configuration in it."""
    environment = dict(os.environ)
    if options.virtualenv:
        environment.pop("PYTHONHOME", None)
        environment["VIRTUAL_ENV"] = str(options.virtualenv)
        environment["PATH"] = f"{options.virtualenv / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
    environment["PULUMI_CONFIG"] = json.dumps(dict(request.config))
    environment["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))
    return environment


def verdict(exit_code: int) -> dict[str, Any]:
    """Fields of a RunResponse: `bail` where the engine knows the reason already, else `error` with the reason."""
    if exit_code == 0:
        return {}
    if exit_code == EXIT_REPORTED:
        return {"bail": True}
    if exit_code < 0:
        return {"error": f"program was ended by signal {-exit_code}"}
    return {"error": f"program exited with non-zero exit code: {exit_code}"}
