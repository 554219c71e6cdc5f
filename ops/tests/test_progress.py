import io
import json

from rich.console import Console

from ops.progress import Progress, read_events

URN = "urn:pulumi:local::stock-tracker::docker:index/container:Container::stock-tracker-local-api-1"


def container_event(kind, operation):
    return {kind: {"metadata": {"urn": URN, "op": operation, "type": "docker:index/container:Container"}}}


def shown(*events, terminal=False):
    out = io.StringIO()
    progress = Progress(Console(file=out, force_terminal=terminal, width=120), "stock-tracker-local")
    progress.show(iter(events))
    return out.getvalue(), progress


def test_one_line_says_what_was_done_to_what():
    text, _ = shown(container_event("resourcePreEvent", "create"), container_event("resOutputsEvent", "create"))
    assert text.split() == ["✓", "container", "api-1", "made"]


def test_what_stays_the_same_is_not_worth_a_line():
    text, _ = shown(container_event("resourcePreEvent", "same"), container_event("resOutputsEvent", "same"))
    assert text == ""


def test_without_a_terminal_there_is_not_one_control_character():
    text, _ = shown(container_event("resourcePreEvent", "create"), container_event("resOutputsEvent", "create"))
    assert text.replace("\n", "").isprintable(), "a log file must stay readable"


def test_errors_lose_their_colour_marks_and_warnings_are_left_out():
    message = "<{%fg 1%}>error: <{%reset%}>the port is taken\n"
    _, progress = shown(
        {"diagnosticEvent": {"severity": "error", "message": message}},
        {"diagnosticEvent": {"severity": "warning", "message": "never mind"}},
    )
    assert progress.errors == ["error: the port is taken"]


def test_events_are_read_as_they_come_and_half_a_line_waits(tmp_path):
    log, ended = tmp_path / "log", iter([False, False, True])
    log.write_text(json.dumps({"sequence": 1}) + "\n" + '{"sequ')
    events = read_events(log, lambda: next(ended), pause_seconds=0)
    assert next(events) == {"sequence": 1}
    with log.open("a") as more:
        more.write('ence": 2}\n')
    assert next(events) == {"sequence": 2}
    assert list(events) == []


def test_no_log_at_all_ends_with_the_run(tmp_path):
    assert list(read_events(tmp_path / "none", lambda: True)) == []
