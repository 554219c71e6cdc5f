"""Our answers beside those of the official host, recorded with the real engine (../shared, outside the project)."""

import json
from pathlib import Path

import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import language_pb2

from plugins.language_python.run import EXIT_REPORTED, verdict

RECORDING = Path(__file__).resolve().parents[4] / "shared" / "pulumi-conformance" / "language-calls.jsonl"

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not RECORDING.exists(), reason=f"no recordings beside the project ({RECORDING})"),
]


def recorded(method):
    lines = [json.loads(line) for line in RECORDING.read_text().splitlines()]
    answers = [line["response"] for line in lines if line["method"] == method]
    assert answers, f"{method} is not in the recording: this test would compare nothing"
    return answers


def test_the_same_packages_are_required(host, program):
    answer = host.stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=program("")))
    assert MessageToDict(answer) == recorded("GetRequiredPackages")[0], "the engine looks for plugins by this answer"


def test_about_tells_at_least_as_much(host, program):
    answer = MessageToDict(host.stub.About(language_pb2.AboutRequest(info=program(""))))
    theirs = recorded("About")[0]
    assert theirs.keys() <= answer.keys()
    assert theirs["metadata"].keys() <= answer["metadata"].keys()


def test_cancel_answers_alike(host):
    assert MessageToDict(host.stub.Cancel(Empty())) == recorded("Cancel")[0]


def test_every_recorded_end_of_a_program_is_one_of_ours():
    ours = [verdict(code) for code in (0, 1, EXIT_REPORTED)]
    assert all(answer in ours for answer in recorded("Run"))
    assert all(answer in recorded("Run") for answer in ours), "success, a plain error and an exception were all recorded"
