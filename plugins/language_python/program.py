"""Run by the program's own Python: connects the SDK to the engine, then runs the user's program.

Arguments: one JSON object (monitor, engine, project, stack, organization, root_directory, parallel, dry_run), the
program (a folder with `__main__.py`, or a file), the program's own arguments.
Exit codes: 0 done; 32 failed and the engine has been told why; 1 failed with one plain message; 130 interrupted; else the
program's own.
"""

import asyncio
import json
import logging
import os
import runpy
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pulumi
import pulumi.log
import pulumi.runtime

EXIT_REPORTED = 32
EXIT_PLAIN_ERROR = 1
EXIT_INTERRUPTED = 130
THREADS_PER_OPERATION = 4
MOST_THREADS = 1024
HOST_CHECK_SECONDS = 1.0


class NoProgram(Exception):  # noqa: N818 - names what was found
    """The folder that Pulumi.yaml names holds no program."""


def main(settings_json: str, program: str, arguments: list[str]) -> int:
    settings = json.loads(settings_json)
    threading.Thread(target=end_with_host, args=(os.getppid(),), daemon=True).start()
    pulumi.runtime.configure(pulumi.runtime.Settings(**settings))
    sys.argv = [program, *arguments]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # A failed program leaves futures that nobody asked for; what failed was told already.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    threads = min(THREADS_PER_OPERATION * max(settings["parallel"], 1), MOST_THREADS)
    loop.set_default_executor(ThreadPoolExecutor(max_workers=threads))
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: run_program(program)))
    except pulumi.RunError as error:  # meant for the user, no traceback: a missing configuration value, for example
        pulumi.log.error(str(error))
        return EXIT_PLAIN_ERROR
    except NoProgram as error:
        pulumi.log.error(str(error))
        return EXIT_REPORTED
    except KeyboardInterrupt:  # the engine said why
        return EXIT_INTERRUPTED
    except Exception as error:
        pulumi.log.error("Program failed with an unhandled exception:\n" + describe(error, program))
        return EXIT_REPORTED
    finally:
        cancel_all(loop)
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def run_program(program: str) -> None:
    if Path(program).is_dir() and not (Path(program) / "__main__.py").exists():
        raise NoProgram(f"there is no main program: {Path(program).resolve()} has no __main__.py")
    runpy.run_path(program, run_name="__main__")


def describe(error: Exception, program: str) -> str:
    """The traceback as text, beginning in the user's program rather than in what called it."""
    folder = Path(program).resolve()
    start = error.__traceback__
    while start and not is_inside(start.tb_frame.f_code.co_filename, folder):
        start = start.tb_next
    whole = None if isinstance(error, SyntaxError) else error.__traceback__  # a syntax error names its own place
    return "".join(traceback.format_exception(type(error), error, start or whole))


def is_inside(filename: str, folder: Path) -> bool:
    """`<frozen …>` and `<string>` are no files."""
    return not filename.startswith("<") and Path(filename).resolve().is_relative_to(folder)


def cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """End what still waits, so that closing the loop says nothing about it."""
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    loop.close()


def end_with_host(host_process: int) -> None:
    """End at once when the language host was killed: nobody would read our answer."""
    while os.getppid() == host_process:
        time.sleep(HOST_CHECK_SECONDS)
    os._exit(EXIT_PLAIN_ERROR)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
