"""The classes of the Autobahn suite (1 framing, 2 pings, 3 reserved bits, 4 opcodes, 5 fragments, 6 UTF-8, 7 closing, 10
automatic fragments), each case written anew, against our listener with our connections and an echo as handler."""

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace

import pytest
from websockets.exceptions import ConnectionClosed

from services.ws.hub import Hub
from services.ws.listener import connection_rules, listen
from services.ws.settings import WsSettings
from services.ws.tests.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Raw, frame

PROTOCOL_ERROR, BAD_DATA, NORMAL = 1002, 1007, 1000
WHOLE = 2**20
HELLO = b"Hello, world!"


@dataclass(frozen=True)
class Case:
    """`sent` in pieces of `piece` bytes; then come exactly the frames `expected`, and the server closes with `code`.

    After `is_good` the client closes once it has them. Else the server closes by itself; a message that came just before the
    fault may then stay without its echo: the suite calls that non-strict.
    """

    section: int
    name: str
    sent: bytes
    expected: list[tuple[int, bytes]] = field(default_factory=list)
    code: int = NORMAL
    piece: int = WHOLE
    is_good: bool = False

    def __str__(self) -> str:
        return f"{self.section} {self.name}"


def closing(code: int = NORMAL, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack(">H", code) + reason)


def good(section: int, name: str, sent: bytes, *expected: tuple[int, bytes], piece: int = WHOLE) -> Case:
    """A conversation that both sides end in good order."""
    return Case(section, name, sent, list(expected), NORMAL, piece, is_good=True)


def bad(section: int, name: str, sent: bytes, *before: tuple[int, bytes], code: int = PROTOCOL_ERROR, piece: int = WHOLE) -> Case:
    """The server fails the connection; what came `before` the fault may be answered."""
    return Case(section, name, sent, list(before), code, piece)


def fragments(payload: bytes, *cuts: int, code: int = TEXT, between: bytes = b"") -> bytes:
    """`payload` cut at `cuts`, with `between` after each fragment but the last."""
    edges = [0, *cuts, len(payload)]
    parts = [payload[a:b] for a, b in pairwise(edges)]
    last = len(parts) - 1
    return b"".join(
        frame(CONTINUATION if n else code, part, fin=n == last) + (between if n < last else b"") for n, part in enumerate(parts)
    )


def framing() -> Iterator[Case]:
    for code, letter in ((TEXT, b"*"), (BINARY, b"\xfe")):
        for size in (0, 125, 126, 127, 128, 65535, 65536):
            yield good(1, f"opcode {code}, {size} bytes", frame(code, letter * size), (code, letter * size))
        yield good(1, f"opcode {code}, 65536 bytes in pieces", frame(code, letter * 65536), (code, letter * 65536), piece=997)


def pings() -> Iterator[Case]:
    for name, payload in {
        "empty": b"",
        "text": HELLO,
        "binary": b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff",
        "125 bytes": b"\xfe" * 125,
    }.items():
        yield good(2, f"ping {name}", frame(PING, payload), (PONG, payload))
    yield bad(2, "ping of 126 bytes", frame(PING, b"\xfe" * 126))
    yield good(2, "ping of 125 bytes byte by byte", frame(PING, b"\xfe" * 125), (PONG, b"\xfe" * 125), piece=1)
    yield good(2, "unasked pong", frame(PONG))
    yield good(2, "unasked pong with payload", frame(PONG, b"unasked"))
    yield good(2, "unasked pong, then ping", frame(PONG, b"unasked") + frame(PING, b"asked"), (PONG, b"asked"))
    ten = [(PONG, b"%d" % n) for n in range(10)]
    all_ten = b"".join(frame(PING, payload) for _, payload in ten)
    yield good(2, "ten pings", all_ten, *ten)
    yield good(2, "ten pings byte by byte", all_ten, *ten, piece=1)


def reserved_bits() -> Iterator[Case]:
    echo = (TEXT, HELLO)
    yield bad(3, "first frame", frame(TEXT, HELLO, reserved=1))
    for bits, piece in ((2, WHOLE), (3, 19), (4, 1)):
        sent = frame(TEXT, HELLO) + frame(TEXT, HELLO, reserved=bits) + frame(PING)
        yield bad(3, f"bits {bits} after a good message, pieces of {piece}", sent, echo, piece=piece)
    for code, bits in ((BINARY, 5), (PING, 6), (CLOSE, 7)):
        yield bad(3, f"bits {bits} on opcode {code}", frame(code, b"\x03\xe8" if code == CLOSE else HELLO, reserved=bits))


def opcodes() -> Iterator[Case]:
    for first in (3, 11):
        yield bad(4, f"opcode {first}", frame(first))
        yield bad(4, f"opcode {first + 1} with payload", frame(first + 1, b"payload"))
        for code, piece in ((first + 2, WHOLE), (first + 3, WHOLE), (first + 4, 1)):
            sent = frame(TEXT, HELLO) + frame(code, b"payload") + frame(PING)
            yield bad(4, f"opcode {code} after a good message, pieces of {piece}", sent, (TEXT, HELLO), piece=piece)


def fragmentation() -> Iterator[Case]:
    for code in (PING, PONG):
        yield bad(5, f"fragmented opcode {code}", frame(code, b"a", fin=False) + frame(CONTINUATION, b"b"))
    echo, whole = (TEXT, HELLO), frame(TEXT, HELLO)
    for piece in (WHOLE, 11, 1):
        yield good(5, f"two fragments, pieces of {piece}", fragments(HELLO, 5), echo, piece=piece)
        sent = fragments(HELLO, 5, between=frame(PING, b"p"))
        yield good(5, f"a ping between, pieces of {piece}", sent, (PONG, b"p"), echo, piece=piece)
        for fin in (True, False):
            sent = frame(CONTINUATION, b"x", fin=fin) + whole
            yield bad(5, f"continuation of nothing, fin {fin}, pieces of {piece}", sent, piece=piece)
    yield bad(
        5,
        "continuation after a whole fragmented message",
        fragments(HELLO, 5) + frame(CONTINUATION, b"x", fin=False) + whole,
        echo,
    )
    for fin in (False, True):
        yield bad(
            5, f"nothing continued, then a message, fin {fin}", (frame(CONTINUATION, b"x", fin=fin) + fragments(HELLO, 5)) * 2
        )
    yield bad(5, "a new message inside a fragmented one", frame(TEXT, b"a", fin=False) + whole)
    five = fragments(HELLO, 2, 4, 6, 8, between=frame(PING, b"p"))
    pongs = [(PONG, b"p")] * 4
    yield good(5, "five fragments, pings between", five, *pongs, echo)
    yield good(5, "five fragments, pings between, in pieces", five, *pongs, echo, piece=7)


KOSME = "κόσμε".encode()
VALID_POINTS = (0x0, 0x80, 0x800, 0x10000, 0x7F, 0x7FF, 0xFFFF, 0x10FFFF, 0xD7FF, 0xE000, 0xFFFD, 0x10FFFF)
"""First and last of each length, and the neighbours of the surrogates."""
NONCHARACTERS = [plane << 16 | low for plane in range(17) for low in (0xFFFE, 0xFFFF)]
SPECIALS = (*range(0xFFF9, 0xFFFE), 0xFEFF, 0x2028)
TOO_LONG = {
    "first of 5 bytes": "f888808080", "first of 6 bytes": "fc8480808080", "last of 4 bytes": "f7bfbfbf",
    "last of 5 bytes": "fbbfbfbfbf", "last of 6 bytes": "fdbfbfbfbfbf", "just beyond Unicode": "f4908080",
}  # fmt: skip
SHORT = ("c0", "e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf")
IMPOSSIBLE = ("fe", "ff", "fefeffff")
OVERLONG = {
    "slash": ("c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"),
    "last": ("c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"),
    "zero": ("c080", "e08080", "f0808080", "f880808080", "fc8080808080"),
}
SURROGATES = ("eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf")
PAIRS = tuple(high + low for high in ("eda080", "edadbf", "edae80", "edafbf") for low in ("edb080", "edbfbf"))


def point(number: int) -> bytes:
    return chr(number).encode()


def texts() -> Iterator[tuple[str, bytes]]:
    """Name and payload that is UTF-8, or the beginning of it."""
    for text in (KOSME, "Hello-µ@ßöäüàá-UTF-8!!".encode(), point(0x1F600), "नमस्ते".encode(), b" "):
        yield f"text {text.hex()}", text
    for length in range(1, len(KOSME) + 1):
        yield f"{length} bytes of a text", KOSME[:length]
    for number, code in enumerate(VALID_POINTS):
        yield f"valid {number}: {code:#x}", point(code)
    for code in NONCHARACTERS:
        yield f"noncharacter {code:#x}", point(code)
    for code in SPECIALS:
        yield f"special {code:#x} again", point(code) * 2


def broken_texts() -> Iterator[tuple[str, bytes]]:
    """Name and payload that is not UTF-8."""
    for name, code in TOO_LONG.items():
        yield name, bytes.fromhex(code)
    for count in range(1, 7):
        yield f"{count} continuation bytes alone", (b"\x80\xbf" * 3)[:count]
    yield "the last continuation byte alone", b"\xbf"
    yield "all continuation bytes", bytes(range(0x80, 0xC0))
    for first, last in ((0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD)):
        yield f"starts {first:x} to {last:x} alone", b" ".join(bytes([b]) for b in range(first, last + 1))
    yield "all of the short ones", bytes.fromhex("".join(SHORT))
    overlong = [code for codes in OVERLONG.values() for code in codes]
    for code in (*SHORT, *IMPOSSIBLE, *overlong, *SURROGATES, *PAIRS):
        yield f"broken {code}", bytes.fromhex(code)


def _is_utf8(data: bytes) -> bool:
    with contextlib.suppress(UnicodeDecodeError):
        data.decode()
        return True
    return False


def utf8() -> Iterator[Case]:
    yield good(6, "empty", frame(TEXT), (TEXT, b""))
    yield good(6, "three empty fragments", fragments(b"", 0, 0), (TEXT, b""))
    yield good(6, "the middle one of three not empty", fragments(b"mid", 0, 3), (TEXT, b"mid"))
    whole = b"Hello-\xc2\xb5@\xc3\x9f"
    yield good(6, "cut at a letter", fragments(whole, 8), (TEXT, whole))
    yield good(6, "cut within a letter", fragments(whole, 7), (TEXT, whole))
    yield good(6, "a fragment per byte", fragments(whole, *range(1, len(whole))), (TEXT, whole))
    yield good(6, "Greek, a fragment per byte", fragments(KOSME, *range(1, len(KOSME))), (TEXT, KOSME))
    faces = point(0x1F600) * 2
    yield good(6, "beyond the first plane, a fragment per byte", fragments(faces, *range(1, len(faces))), (TEXT, faces))
    wrong = KOSME + b"\xed\xa0\x80edited"
    yield bad(6, "wrong, in one frame", frame(TEXT, wrong), code=BAD_DATA)
    yield bad(6, "wrong, a fragment per byte", fragments(wrong, *range(1, len(wrong))), code=BAD_DATA)
    tail = KOSME + b"\xf4\x90\x80\x80" + b"edited"
    for name, cuts in {"before": (11,), "within": (12,), "at its end": (15,)}.items():
        yield bad(6, f"wrong, cut {name} the fault", fragments(tail, *cuts), code=BAD_DATA)
    yield bad(6, "wrong, byte by byte", frame(TEXT, tail), code=BAD_DATA, piece=1)
    for name, payload in (*texts(), *broken_texts()):
        sent = frame(TEXT, payload)
        yield good(6, name, sent, (TEXT, payload)) if _is_utf8(payload) else bad(6, name, sent, code=BAD_DATA)


def closes() -> Iterator[Case]:
    yield good(7, "after a message", frame(TEXT, HELLO), (TEXT, HELLO))
    yield Case(7, "twice", closing() * 2)
    yield Case(7, "then a ping", closing() + frame(PING))
    yield Case(7, "then a message", closing() + frame(TEXT, HELLO))
    yield bad(7, "inside a fragmented message", frame(TEXT, b"a", fin=False) + closing() + frame(CONTINUATION, b"b"))
    big = b"*" * 2**18
    yield Case(7, "after 256 KiB, then a ping", frame(TEXT, big) + closing() + frame(PING), [(TEXT, big)])
    yield Case(7, "without a code", frame(CLOSE), code=1005)
    yield bad(7, "with half a code", frame(CLOSE, b"\x03"))
    yield Case(7, "code only", closing())
    yield Case(7, "code and reason", closing(reason=b"Hello"))
    yield Case(7, "longest reason", closing(reason=b"*" * 123))
    yield bad(7, "reason too long", closing(reason=b"*" * 124))
    yield bad(7, "reason not UTF-8", closing(reason=KOSME + b"\xed\xa0\x80"), code=BAD_DATA)
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
        yield Case(7, f"code {code}", closing(code), code=code)
    for code in (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535):
        yield bad(7, f"code {code}", closing(code))


def automatic_fragments() -> Iterator[Case]:
    payload = b"*" * 65536
    yield good(10, "65536 bytes in fragments of 1300", fragments(payload, *range(1300, 65536, 1300)), (TEXT, payload))


CASES = [
    case
    for cases in (framing, pings, reserved_bits, opcodes, fragmentation, utf8, closes, automatic_fragments)
    for case in cases()
]
AS_MANY_AS_THE_SUITE = {1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 145, 7: 37, 10: 1}


def test_there_is_a_case_for_each_of_the_suite():
    counts = {section: sum(case.section == section for case in CASES) for section in AS_MANY_AS_THE_SUITE}
    assert counts == AS_MANY_AS_THE_SUITE, "docs/protocol.md states these counts"
    assert len({str(case) for case in CASES}) == len(CASES), "no case stands for two"


@contextlib.asynccontextmanager
async def echo_server():
    """Our listener and our connections; only the limit of a message is that of the suite, not ours."""
    settings = WsSettings(_env_file=None, port=0, bind_address="127.0.0.1", max_message_bytes=2**20)

    async def echo(connection):
        connection.admit("echo")
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                await connection.send(message)
        connection.detach()

    server = await listen(echo, None, connection_rules(settings, Hub({})), settings)
    try:
        yield SimpleNamespace(port=server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_frame_is_answered_as_the_standard_says(case):
    async with echo_server() as server, Raw.shaken(server.port) as raw:
        with contextlib.suppress(ConnectionError):
            await raw.send_in_pieces(case.sent, case.piece)
        if case.is_good:
            assert [await raw.frame() for _ in case.expected] == case.expected
            await raw.send(closing())
            assert await raw.rest() == ([], NORMAL), "a good conversation ends in good order"
        else:
            frames, code = await raw.rest()
            assert code == case.code
            assert frames in (case.expected, []), "nothing is answered after the fault"
