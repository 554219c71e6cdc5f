"""Frames as no library would send them, against a whole node: what its limits and its protocol add to the framing that
test_frame_classes.py walks. Masking, handshake, floods, endless fragments, compression."""

import asyncio
import contextlib
import struct

import pytest

from services.ws.tests.conftest import KEY, until
from services.ws.tests.raw import CLOSE, PONG, TEXT, Raw, frame
from services.ws.tests.raw import PING as PING_CODE

PING = '{"action":"ping","id":1}'


async def pongs(raw):
    answer = await raw.message()
    return answer["type"] == "pong"


FAILS = [
    # 1 framing
    ("1 length over the limit", [frame(TEXT, b"", length=2**20)], 1009),
    ("1 length of 8 EiB", [frame(TEXT, b"", length=2**63 - 1)], 1009),
    ("1 length with its highest bit set", [b"\x81\xff" + b"\xff" * 8 + b"\0" * 4], 1009),
    # 2 pings
    ("2 ping over 125 bytes", [frame(PING_CODE, b"x" * 126)], 1002),
    ("2 fragmented ping", [frame(PING_CODE, b"x", fin=False)], 1002),
    # 3 reserved bits
    *[(f"3 reserved bits {bits}", [frame(TEXT, PING, reserved=bits)], 1002) for bits in range(1, 8)],
    # 4 opcodes
    *[(f"4 reserved opcode {code}", [frame(code, b"x")], 1002) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)],
    # 5 fragments
    ("5 continuation of nothing", [frame(0, b"x")], 1002),
    ("5 new message inside a fragmented one", [frame(TEXT, b"{", fin=False), frame(TEXT, b"}")], 1002),
    ("5 fragments that together exceed the limit", [frame(TEXT, b"[" * 9000, fin=False), frame(0, b"]" * 9000)], 1009),
    # 6 UTF-8
    ("6 invalid UTF-8", [frame(TEXT, b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80")], 1007),
    ("6 truncated UTF-8", [frame(TEXT, b"\xce")], 1007),
    ("6 overlong UTF-8", [frame(TEXT, b"\xc0\xaf")], 1007),
    ("6 beyond Unicode", [frame(TEXT, b"\xf4\x90\x80\x80")], 1007),
    ("6 invalid UTF-8 over two fragments", [frame(TEXT, b"\xce", fin=False), frame(0, b"\xce")], 1007),
    # 7 closing
    ("7 close without code", [frame(CLOSE)], 1005),
    ("7 close 1000", [frame(CLOSE, struct.pack(">H", 1000) + b"bye")], 1000),
    ("7 close with half a code", [frame(CLOSE, b"\x03")], 1002),
    ("7 close reason not UTF-8", [frame(CLOSE, struct.pack(">H", 1000) + b"\xff")], 1007),
    *[
        (f"7 close {code}", [frame(CLOSE, struct.pack(">H", code))], 1002)
        for code in (0, 999, 1004, 1005, 1006, 1016, 2999, 65535)
    ],
    *[(f"7 close {code}", [frame(CLOSE, struct.pack(">H", code))], code) for code in (1001, 1003, 1011, 3000, 4999)],
    ("7 close over 125 bytes", [frame(CLOSE, struct.pack(">H", 1000) + b"x" * 124)], 1002),
    # masking
    ("an unmasked frame", [frame(TEXT, PING, mask=False)], 1002),
]


@pytest.mark.parametrize(("name", "frames", "code"), FAILS, ids=lambda value: value if isinstance(value, str) else "")
async def test_a_wrong_frame_closes_with_the_documented_code(rig, name, frames, code):
    async with Raw.open(rig) as raw:
        await raw.send(*frames)
        assert await raw.close_code() == code, name
    await until(lambda: not len(rig.node.clients), 5, "nothing of it is left")


async def test_right_frames_in_odd_shapes_are_understood(rig):
    async with Raw.open(rig) as raw:
        await raw.send(frame(TEXT, PING))
        assert await pongs(raw)
        await raw.send(frame(TEXT, PING[:5], fin=False), frame(PING_CODE, b"between"), frame(0, PING[5:]))
        assert await raw.frame() == (PONG, b"between"), "a ping between fragments is answered at once"
        assert await pongs(raw)
        for byte in frame(TEXT, PING):
            await raw.send(bytes([byte]))
        assert await pongs(raw), "a frame may come byte by byte"
        await raw.send(frame(PONG, b"nobody asked"), frame(TEXT, PING))
        assert await pongs(raw), "an unsolicited pong is nothing"
        await raw.send(*[frame(PING_CODE, bytes([n])) for n in range(10)])
        assert [await raw.frame() for _ in range(10)] == [(PONG, bytes([n])) for n in range(10)]
        await raw.send(frame(TEXT, PING[:1], fin=False), *[frame(0, c, fin=False) for c in PING[1:-1]], frame(0, PING[-1:]))
        assert await pongs(raw), "10: any fragmentation of a message is the same message"
        await raw.send(frame(TEXT, '{"action":"ping","id":"\u03ba\U0010ffff"}'.encode()))
        assert (await raw.message())["id"] == "\u03ba\U0010ffff"


async def test_data_after_a_close_frame_is_not_read(rig):
    async with Raw.open(rig) as raw:
        await raw.send(frame(CLOSE, struct.pack(">H", 1000)), frame(TEXT, '{"action":"subscribe","symbols":["TCS"]}'))
        assert await raw.close_code() == 1000
        assert rig.node.hub.holders == {}


async def test_compression_is_never_agreed_on(rig):
    offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    async with Raw.open(rig, offer) as raw:
        assert b"extensions" not in raw.handshake.lower(), "a kilobyte of zeros must not become a megabyte here"
        await raw.send(frame(TEXT, b"\x00" * 20, reserved=4))
        assert await raw.close_code() == 1002


@pytest.mark.parametrize("code", [PING_CODE, PONG, TEXT], ids=["pings", "pongs", "empty texts"])
async def test_a_flood_is_closed_and_costs_little(rig, code):
    async with Raw.open(rig) as raw:
        with contextlib.suppress(ConnectionError):
            for _ in range(20):
                await raw.send(frame(code) * 500)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            assert await raw.close_code() in ((4400, 4429) if code == TEXT else (4429,)), "an empty text is no JSON either"
    await until(lambda: not len(rig.node.clients), 5, "the flooder is gone")


async def test_fragments_without_end_are_bounded(rig):
    async with Raw.open(rig) as raw:
        with contextlib.suppress(ConnectionError):
            await raw.send(frame(TEXT, b"x", fin=False), *[frame(0, b"x", fin=False) for _ in range(10_000)])
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            assert await raw.close_code() in (1009, 4429)
    await until(lambda: not len(rig.node.clients), 5, "it is gone")


async def test_half_a_message_does_not_stop_the_clock_of_silence(client_key_file):
    from services.ws.tests.conftest import running_node

    async with running_node(client_key_file=client_key_file, first_message_seconds=0.5) as rig, Raw.open(rig) as raw:
        await raw.send(frame(TEXT, b"{", fin=False))
        assert await raw.close_code() == 4408, "W8: a message that never ends must not hold a place"


BAD_HANDSHAKES = {
    "no upgrade": ("GET /ws HTTP/1.1\r\nHost: x\r\nX-Client-Key: {key}\r\n\r\n", 426),
    "old version": (
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Client-Key: {key}\r\n\r\n", 400,
    ),
    "bad key": (
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: short\r\nX-Client-Key: {key}\r\n\r\n", 400,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_HANDSHAKES)
async def test_a_bad_handshake_gets_an_http_answer(rig, name):
    text, status = BAD_HANDSHAKES[name]
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.node.port)
    writer.write(text.format(key=KEY).encode())
    answer = await asyncio.wait_for(reader.read(), 5)
    assert int(answer.split()[1]) == status
    writer.close()
    await until(lambda: not len(rig.node.clients), 5, "a refused handshake holds no place")
