import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2

from plugins.language_python.run import verdict


def run_on(host, info, **fields):
    """Run a program through a host; returns the RunResponse."""
    fields = {"project": "p", "stack": "dev", "organization": "o", "parallel": 8, **fields}
    return host.stub.Run(language_pb2.RunRequest(info=info, monitor_address=host.address, **fields))


@pytest.fixture
def run(host, program):
    """Run a program's text."""
    return lambda text, **fields: run_on(host, program(text), **fields)


def test_a_program_runs_to_its_end_and_its_outputs_arrive(host, run):
    answer = run("import pulumi\npulumi.export('n', pulumi.Config().require_int('n'))", config={"p:n": "7"})
    assert (answer.error, answer.bail) == ("", False)
    assert host.monitor.outputs == {"n": 7}


def test_the_program_knows_project_stack_and_preview(host, run):
    text = "import pulumi\npulumi.export('said', [pulumi.get_project(), pulumi.get_stack(), pulumi.runtime.is_dry_run()])"
    run(text, dryRun=True)
    assert list(host.monitor.outputs["said"]) == ["p", "dev", True]


def test_a_secret_configuration_value_is_secret_and_on_no_command_line(host, run):
    text = """
import pathlib, pulumi
line = pathlib.Path("/proc/self/cmdline").read_text()
assert "hunter2" not in line, line
pulumi.export("pw", pulumi.Config().require_secret("pw"))
"""
    answer = run(text, config={"p:pw": "hunter2"}, configSecretKeys=["p:pw"])
    assert not answer.bail, host.engine.errors
    assert host.monitor.outputs["pw"]["value"] == "hunter2"
    assert "4dabf18193072939515e22adb298388d" in host.monitor.outputs["pw"], "it must stay marked as a secret"


def test_an_exception_is_told_once_and_begins_in_the_program(host, run):
    answer = run("def halfway():\n    raise RuntimeError('halfway')\n\nhalfway()\n")
    assert answer.bail, "the engine must say nothing more about it"
    assert len(host.engine.errors) == 1
    message = host.engine.errors[0]
    assert message.endswith("RuntimeError: halfway\n")
    assert "language_python" not in message
    assert "runpy" not in message, "only the user's own lines help the user"


def test_a_syntax_error_names_its_line(host, run):
    assert run("import pulumi\nf(\n").bail
    assert "line 2" in host.engine.errors[0]
    assert "SyntaxError" in host.engine.errors[0]


def test_an_error_inside_an_apply_is_told(host, run):
    text = """
import pulumi
def bad(_):
    raise ValueError('not ready')
pulumi.export('x', pulumi.Output.from_input(1).apply(bad))
"""
    assert run(text).bail
    assert ["ValueError: not ready" in message for message in host.engine.errors] == [True]


def test_a_missing_configuration_value_is_one_sentence_without_a_traceback(host, run):
    answer = run("import pulumi\npulumi.Config().require('count')")
    assert answer.error == "program exited with non-zero exit code: 1", "as the official host answers"
    assert "Missing required configuration variable 'p:count'" in host.engine.errors[0]
    assert "Traceback" not in host.engine.errors[0]


def test_the_programs_own_exit_code_is_reported(run):
    assert run("import sys\nsys.exit(3)").error == "program exited with non-zero exit code: 3"


def test_a_killed_program_is_reported_by_its_signal(run):
    assert run("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)").error == "program was ended by signal 9"


def test_output_is_passed_on_as_it_is_written(own_host, program):
    run_on(own_host, program("import sys\nprint('to stdout')\nprint('to stderr', file=sys.stderr)"))
    own_host.process.terminate()
    assert b"to stdout" in own_host.process.stdout.read(), "the engine reads a program's output from its host"


def test_the_program_sees_its_folder_its_environment_and_no_module_of_ours(host, run):
    text = """
import os, sys, pulumi
from pathlib import Path
assert Path.cwd() == Path(__file__).parent
assert os.environ["VIRTUAL_ENV"] == sys.prefix
try:
    import plugins
except ImportError:
    pass
else:
    raise AssertionError("the host's own code must not be importable")
"""
    assert not run(text).bail, host.engine.errors


def test_stopping_the_host_ends_a_running_program(own_host, program, tmp_path):
    mark = tmp_path / "pid"
    text = f"import os, time\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"

    def run_until_cut_off():
        with suppress(grpc.RpcError):
            run_on(own_host, program(text))

    runner = threading.Thread(target=run_until_cut_off)
    runner.start()
    deadline = time.monotonic() + 10
    while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    own_host.process.send_signal(signal.SIGINT)
    own_host.process.wait(timeout=10)
    runner.join()
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_success_is_an_empty_answer():
    assert verdict(0) == {}, "the recorded answer of the official host"


def test_a_folder_without_a_program_is_told_in_one_sentence(host, program):
    info = program("")
    (Path(info.program_directory) / "__main__.py").unlink()
    answer = run_on(host, info)
    assert answer.bail, "the engine must say nothing more about it"
    assert [error.partition("has no")[2] for error in host.engine.errors] == [" __main__.py"], host.engine.errors


def test_futures_that_nobody_asked_for_say_nothing(own_host, program):
    text = """
import asyncio, os, pulumi
os.dup2(1, 2)  # the host's own errors are not read in this test
async def fail():
    raise ValueError("lost")
lost = asyncio.ensure_future(fail())
async def wait():
    await asyncio.sleep(0.05)
pulumi.Output.from_input(wait()).apply(lambda _: 1 / 0)
"""
    assert run_on(own_host, program(text)).bail
    own_host.process.send_signal(signal.SIGINT)
    assert b"lost" not in own_host.process.stdout.read(), "one failure is told once"


def test_cancel_interrupts_a_program_that_does_not_end_by_itself(own_host, program):
    info = program("import pathlib, time\npathlib.Path('started').touch()\ntime.sleep(600)")
    answers = []
    runner = threading.Thread(target=lambda: answers.append(run_on(own_host, info)))
    runner.start()
    wait_for(Path(info.program_directory, "started").exists)
    own_host.stub.Cancel(Empty())
    runner.join(timeout=4)
    assert [answer.error for answer in answers] == ["program exited with non-zero exit code: 130"], "Ctrl-C must not hang"
    assert not own_host.engine.errors, "who cancels knows why"


def wait_for(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.02)
