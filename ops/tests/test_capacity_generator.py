"""The generator as a program: what it is told, what it says, and that it counts what a server really sent."""

import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from ops.capacity import generator
from ops.capacity.generator import Crowd, Seen
from tools.machine.problem import Problem

NAMES = ["NULL0", "NULL00", "NULL01", "NULL02"]
"""One is the beginning of another."""
LINE = (
    '{"connections":10,"connect_seconds":0.1,"expected":80,"received":%d,"reach":1.0,"p50_ms":1.5,"p95_ms":2.0,"p99_ms":3.25,'
    '"server_cpu_seconds":0,"cpu_s_per_million":-1,"generator_cpu":%s,"publish_lateness_p99_ms":-1,"read_delay_p99_ms":0.5,'
    '"kib_per_connection":0,"rss_kib":-1,"bytes_per_message":400,"unexpected_closes":1}'
)


@pytest.fixture
def null_server():
    """A stand-in that updates every symbol of every socket once a second."""
    with subprocess.Popen(
        [sys.executable, "-m", "loadtests.null_server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = urlsplit(process.stdout.readline().strip())
        yield str(url.hostname), int(url.port or 0)
        process.communicate()


def test_the_generators_line_is_read_with_its_units():
    seen = generator.read(LINE % (72, "0.25"), seconds=4.0)
    assert (seen.reach, seen.deliveries_per_second, seen.lost, seen.p99_ms) == (0.9, 18.0, 1, 3.25)
    assert not seen.is_starved
    assert generator.read(LINE % (80, "0.7"), 4.0).is_starved, "a generator at 70 % of its core measures itself"


def test_a_window_in_which_nothing_was_published_reached_nobody():
    seen = Seen(10, 4.0, 0, 0, -1, -1, -1, 0.1, 0, 0)
    assert seen.reach == 0, "0 of 0 must not look like everybody"


def test_no_secret_is_among_the_words():
    words = generator.command(generator.PROGRAM, ("172.18.0.5", 8081), "http://127.0.0.1:8080", Crowd(250, 5), NAMES, 6.0)
    assert words[1:6] == ["172.18.0.5", "8081", "/ws", "", "http://127.0.0.1:8080"], (
        "let in by origin: the place of a key is empty"
    )
    assert words[-1] == "NULL0,NULL00,NULL01,NULL02"
    assert len(words) == 19, "the program counts its arguments"


def test_a_program_that_says_nothing_useful_is_an_error_with_what_it_said():
    with pytest.raises(Problem, match="refused: 403"):
        generator.run(["sh", "-c", "echo open 1; echo refused: 403 >&2; exit 1"], 0.1, lambda phase: None)


@pytest.mark.load
def test_the_generator_counts_each_update_of_each_socket_and_says_its_phases(tmp_path, null_server):
    program = generator.build(tmp_path / "generator")
    phases: list[str] = []
    words = generator.command(program, null_server, "http://127.0.0.1", Crowd(20, 3), NAMES, 3.0)
    seen = generator.run(words, 3.0, phases.append)
    assert phases == ["open", "from", "to"], "counters elsewhere are read at these moments"
    assert seen.connections == 20
    assert seen.expected in {20 * 3 * ticks for ticks in (2, 3, 4)}, "the stand-in updates each symbol once a second"
    assert (seen.received, seen.lost) == (seen.expected, 0)
