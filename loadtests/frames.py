"""The little of the WebSocket protocol that a reader of thousands of sockets needs: the server's frames in, short frames out.

The handshake is the library's, its frame parser is not used: the meter must cost less than what it measures.
"""

import secrets

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
_FINAL = 0x80
_MASKED = 0x80


class FrameError(ValueError):
    """The server sent what this reader does not understand: a fragment or a masked frame."""


def split(buffer: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """All complete frames at the start of `buffer` as (opcode, payload), and the bytes that remain.

    Raises:
        FrameError: a fragmented or masked frame.
    """
    frames = []
    at, end = 0, len(buffer)
    while end - at >= 2:
        first, length = buffer[at], buffer[at + 1]
        if not first & _FINAL or length & _MASKED:
            raise FrameError(f"frame starts with {buffer[at : at + 2].hex()}; fragments and masked frames are not read")
        start = at + 2
        if length == 126:
            start = at + 4
            length = int.from_bytes(buffer[at + 2 : start])
        elif length == 127:
            start = at + 10
            length = int.from_bytes(buffer[at + 2 : start])
        if start > end or end - start < length:
            break
        at = start + length
        frames.append((first & 0x0F, buffer[start:at]))
    return frames, buffer[at:]


def split_masked(buffer: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """As `split`, for what a client sends: short, masked frames, unmasked here."""
    frames = []
    at = 0
    while len(buffer) - at >= 2:
        length, start = buffer[at + 1] & 0x7F, at + 2
        if length == 126:
            length, start = int.from_bytes(buffer[at + 2 : at + 4]), at + 4
        if len(buffer) < start + 4 + length:
            break
        body = buffer[start + 4 : start + 4 + length]
        frames.append((buffer[at] & 0x0F, _unmask(body, buffer[start : start + 4])))
        at = start + 4 + length
    return frames, buffer[at:]


def masked(opcode: int, payload: bytes) -> bytes:
    """One final frame from a client.

    Raises:
        FrameError: more than 65,535 bytes.
    """
    if len(payload) > 0xFFFF:
        raise FrameError(f"{len(payload)} bytes in a client's frame, at most 65535")
    head = bytes([_FINAL | opcode])
    length = len(payload)
    head += bytes([_MASKED | length]) if length < 126 else bytes([_MASKED | 126]) + length.to_bytes(2)
    mask = secrets.token_bytes(4)
    return head + mask + _unmask(payload, mask)


def _unmask(payload: bytes, mask: bytes) -> bytes:
    """Masking is its own inverse."""
    length = len(payload)
    spread = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload) ^ int.from_bytes(spread)).to_bytes(length)


def close_code(payload: bytes) -> int:
    """The code of a close frame; 1005 (none given) for an empty one."""
    return int.from_bytes(payload[:2]) if len(payload) >= 2 else 1005
