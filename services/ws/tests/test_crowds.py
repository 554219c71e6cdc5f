"""Many sockets at once on a node in this process: 500 of 1000 vanish under load, one never reads, one reads slowly."""

import asyncio
import json
import socket

from services.contract.closing import Close
from services.ws.tests.conftest import KEY, running_node, until


class Reader(asyncio.Protocol):
    """Counts what it gets per symbol; knows the last sequence number."""

    def __init__(self):
        self.buffer = b""
        self.seqs = []
        self.is_open = False
        self.ended = False

    def connection_made(self, transport):
        self.transport = transport
        transport.write(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Client-Key: " + KEY.encode() + b"\r\n\r\n"
        )

    def data_received(self, data):
        self.buffer += data
        if not self.is_open:
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self.is_open, self.buffer = True, rest
            text = b'{"action":"subscribe","symbols":["TCS"]}'
            self.transport.write(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
        while len(self.buffer) >= 4:
            size, start = (self.buffer[1], 2) if self.buffer[1] < 126 else (int.from_bytes(self.buffer[2:4], "big"), 4)
            if len(self.buffer) < start + size:
                return
            payload, self.buffer = self.buffer[start : start + size], self.buffer[start + size :]
            if payload.startswith(b'{"type":"price_update"'):
                self.seqs.append(json.loads(payload)["seq"])

    def connection_lost(self, exc):
        self.ended = True


async def crowd_of(rig, count):
    loop = asyncio.get_running_loop()
    readers = []
    for _ in range(0, count, 50):
        made = await asyncio.gather(*(loop.create_connection(Reader, "127.0.0.1", rig.node.port) for _ in range(50)))
        readers += [reader for _, reader in made]
    await until(lambda: rig.node.hub.holders.get("TCS") == count, 30, "all subscribed")
    return readers


async def test_half_of_a_thousand_vanish_under_load_and_the_others_miss_nothing(client_key_file):
    async with running_node(client_key_file=client_key_file) as rig:
        readers = await crowd_of(rig, 1000)
        leaving, staying = readers[:500], readers[500:]
        for number in range(30):
            rig.publish("TCS")
            if number == 10:
                for reader in leaving:
                    reader.transport.abort()
            await asyncio.sleep(0.01)
        expected = list(range(2, 32))
        await until(lambda: all(r.seqs[-1:] == [31] for r in staying), 10, "the others got the last update")
        assert all(reader.seqs == expected for reader in staying), "in a prototype one closed socket ended everybody's stream"
        assert rig.node.hub.holders == {"TCS": 500}
        assert len(rig.node.clients) == 500


async def test_a_client_that_never_reads_is_cut_and_costs_bounded_memory(client_key_file):
    settings = {"write_deadline_seconds": 1.0, "send_buffer_bytes": 65_536}
    async with running_node(client_key_file=client_key_file, **settings) as rig:
        (good, *_) = await crowd_of(rig, 50)
        stuck = Reader()
        bare = socket.socket()
        bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        bare.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(bare, ("127.0.0.1", rig.node.port))
        transport, _ = await loop.create_connection(lambda: stuck, sock=bare)
        await until(lambda: rig.node.hub.holders["TCS"] == 51, 5, "subscribed")
        transport.pause_reading()
        biggest, number = 0, 0
        while not rig.node.clients.closed["too_slow"]:
            for _ in range(20):
                rig.publish("TCS")
            number += 1
            assert number < 500, "not evicted"
            await asyncio.sleep(0.01)
            biggest = max([biggest, *(c.pending_bytes for c in rig.node.clients.slow)])
        assert biggest < 100_000, f"{biggest} bytes waited for one client"
        assert rig.node.hub.counts.conflated > 0
        await until(lambda: good.seqs[-1] == rig.seqs["TCS"], 5, "the others are current")
        assert good.seqs == list(range(2, rig.seqs["TCS"] + 1)), "and missed nothing"
        transport.abort()


async def test_a_client_that_reads_again_in_time_is_current_and_stays(client_key_file):
    settings = {"write_deadline_seconds": 5.0, "send_buffer_bytes": 4096}
    async with running_node(client_key_file=client_key_file, **settings) as rig:
        slow = Reader()
        bare = socket.socket()
        bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        bare.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(bare, ("127.0.0.1", rig.node.port))
        transport, _ = await loop.create_connection(lambda: slow, sock=bare)
        await until(lambda: rig.node.hub.holders.get("TCS") == 1, 5, "subscribed")
        transport.pause_reading()
        for _ in range(60):
            for _ in range(20):
                rig.publish("TCS")
            await asyncio.sleep(0.01)
        assert rig.node.clients.slow, "its buffer is full"
        transport.resume_reading()
        await until(lambda: slow.seqs[-1:] == [rig.seqs["TCS"]], 5, "current again")
        assert slow.seqs == sorted(set(slow.seqs)), "seq never fell"
        assert len(slow.seqs) < 1_200, "it got the newest, not all"
        assert not slow.ended
        transport.abort()


async def test_a_silent_client_is_pinged_and_cut(client_key_file):
    async with running_node(client_key_file=client_key_file, ping_seconds=2) as rig:
        (reader, *_) = await crowd_of(rig, 50)
        await until(lambda: rig.node.clients.closed[Close.SILENT.name.lower()] == 50, 10, "these readers answer no ping")
        assert reader.ended
