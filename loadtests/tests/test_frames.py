"""The reader's frames against the library's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import Side, State
from websockets.server import ServerProtocol

from loadtests.frames import CLOSE, TEXT, FrameError, close_code, masked, split, split_masked


@given(st.lists(st.binary(max_size=70_000), max_size=4), st.integers(0, 300_000))
def test_splitting_anywhere_loses_nothing(payloads, cut):
    stream = b"".join(Frame(Opcode.TEXT, payload).serialize(mask=False) for payload in payloads)
    first, rest = split(stream[:cut])
    second, rest = split(rest + stream[cut:])
    assert first + second == [(TEXT, payload) for payload in payloads]
    assert rest == b""


@given(st.binary(max_size=65_535))
def test_the_library_reads_what_we_send(payload):
    server = ServerProtocol(state=State.OPEN)
    assert server.side is Side.SERVER
    server.receive_data(masked(0x2, payload))
    (frame,) = server.events_received()
    assert isinstance(frame, Frame)
    assert frame.data == payload


@pytest.mark.parametrize("data", [b"\x01\x02ab", b"\x81\x82abcdxx"])
def test_a_fragment_or_a_masked_frame_is_refused_by_name(data):
    with pytest.raises(FrameError, match="not read"):
        split(data)


def test_a_frame_too_long_for_a_client_is_refused():
    with pytest.raises(FrameError, match="65536"):
        masked(TEXT, b"x" * 65_536)


def test_close_codes():
    (frame,), _ = split(Frame(Opcode.CLOSE, b"\x03\xf4bye").serialize(mask=False))
    assert frame[0] == CLOSE
    assert (close_code(frame[1]), close_code(b"")) == (1012, 1005)


@given(st.lists(st.binary(max_size=300), max_size=4), st.integers(0, 1300))
def test_a_clients_frames_come_back_as_they_were(payloads, cut):
    stream = b"".join(masked(TEXT, payload) for payload in payloads)
    first, rest = split_masked(stream[:cut])
    second, rest = split_masked(rest + stream[cut:])
    assert first + second == [(TEXT, payload) for payload in payloads]
