import pytest

from tools.machine.console import step
from tools.machine.problem import Problem


def test_a_step_is_one_calm_line_without_a_terminal(capsys):
    with step("python") as current:
        current.progress("1 of 2")
        current.done("Python 3.13")
    said = capsys.readouterr().out
    assert said.count("\n") == 1, "progress of a short step would only fill a log"
    assert "\r" not in said and "\033" not in said, "a log is no terminal"  # noqa: PT018
    assert said.startswith("✓ python")
    assert "Python 3.13" in said


def test_a_failed_step_is_marked(capsys):
    with pytest.raises(Problem), step("docker"):
        raise Problem("No engine.", "", "start it")
    assert capsys.readouterr().out.startswith("✗ docker")


def test_a_problem_says_what_why_and_the_next_command():
    text = str(Problem("Cannot reach Docker.", "It is not\nrunning.", "systemctl start docker"))
    assert text.splitlines() == ["Cannot reach Docker.", "  It is not", "  running.", "  Next: systemctl start docker"]
