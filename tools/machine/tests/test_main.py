import subprocess
import sys

import pytest

from tools.machine import main
from tools.machine.paths import ROOT
from tools.machine.problem import Problem


def test_help_names_every_choice_and_exit_code():
    answer = subprocess.run([ROOT / "tools/bootstrap", "--help"], capture_output=True, text=True, check=True)
    for word in ("--stack", "--browser", "STOCK_TRACKER_PLUGINS", "DOCKER_HOST", "XDG_CACHE_HOME", "exit codes"):
        assert word in answer.stdout


def test_a_wrong_option_is_a_usage_error():
    answer = subprocess.run([ROOT / "tools/bootstrap", "--stak"], capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "--stak" in answer.stderr


@pytest.mark.parametrize(("raised", "code", "said"), [
    (Problem("No engine.", "", "start it"), 2, "Next: start it"),
    (KeyboardInterrupt(), 130, "tools/bootstrap"),
])  # fmt: skip
def test_an_end_before_ready_is_told_in_plain_words(monkeypatch, capsys, raised, code, said):
    def fail(_):
        raise raised

    monkeypatch.setenv(main.RUNNING, "0")
    monkeypatch.setattr(main, "_second_half", fail)
    assert main.main([]) == code
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_the_script_starts_with_nothing_but_the_standard_library():
    code = (
        "import sys; sys.path[0] = '.'; import tools.machine.main\n"
        "strange = [m for m in ('docker', 'cryptography', 'pulumi', 'grpc') if m in sys.modules]\n"
        "sys.exit(str(strange) if strange else 0)"
    )
    answer = subprocess.run([sys.executable, "-I", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
