"""Docker's build and push messages become lines, an image id, a digest, or an error with its context."""

import base64

import pytest

from plugins.resource_docker.build_output import BuildOutput, fields
from plugins.resource_docker.errors import DockerError


def field(number, value):
    if isinstance(value, int):
        return bytes([number << 3, value])
    raw = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(raw)]) + raw


def trace(*parts):
    return {"id": "moby.buildkit.trace", "aux": base64.b64encode(b"".join(parts)).decode()}


def test_buildkit_steps_are_shown_once_and_logs_line_by_line():
    output = BuildOutput()
    step = field(1, field(1, "sha256:1") + field(3, "[2/2] RUN make") + field(4, 0))
    log = field(3, field(1, "sha256:1") + field(4, "one\ntwo\n"))
    assert output.lines(trace(step, log)) == ["[2/2] RUN make", "one", "two"], "a person watches the build by these"
    assert output.lines(trace(step)) == [], "BuildKit repeats each step at every change of its state"


def test_cached_steps_and_warnings_are_marked():
    cached = field(1, field(1, "sha256:2") + field(3, "[1/2] FROM base") + field(4, 1))
    warning = field(4, field(3, "secrets in arguments"))
    assert BuildOutput().lines(trace(cached, warning)) == ["[1/2] FROM base (cached)", "warning: secrets in arguments"]


def test_the_images_id_and_the_pushed_digest_are_kept():
    output = BuildOutput()
    output.lines({"id": "moby.image.id", "aux": {"ID": "sha256:abc"}})
    output.lines({"aux": {"Tag": "v1", "Digest": "sha256:def", "Size": 1}})
    assert (output.image_id, output.pushed_digest) == ("sha256:abc", "sha256:def"), "containers refer to it"


def test_the_old_builders_lines_and_pull_progress_are_shown():
    output = BuildOutput()
    assert output.lines({"stream": "Step 1/2 : FROM x\n"}) == ["Step 1/2 : FROM x"], "the old builder streams text"
    assert output.lines({"id": "a1b2", "status": "Downloading", "progress": "[=> ]"}) == ["a1b2 Downloading [=> ]"], "pulls too"
    assert output.lines({}) == [], "some messages say nothing"


def test_a_failure_comes_with_the_last_lines_before_it():
    output = BuildOutput()
    for number in range(40):
        output.lines({"stream": f"line {number}\n"})
    with pytest.raises(DockerError) as caught:
        output.lines({"errorDetail": {"message": "exit code: 1"}, "error": "exit code: 1"})
    text = str(caught.value)
    assert text.startswith("exit code: 1"), "the reason comes first"
    assert "line 39" in text, "the line that explains it is near the end"
    assert "line 20" not in text, "the whole log would hide the reason"


def test_unknown_wire_types_and_cut_messages_do_no_harm():
    assert list(fields(bytes([1 << 3 | 1]) + b"12345678" + field(2, "x"))) == [(2, b"x")], "fixed-size fields are skipped"
    assert list(fields(bytes([1 << 3 | 3]))) == [], "what cannot be read ends the message"
