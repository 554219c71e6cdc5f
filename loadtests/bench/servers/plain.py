"""Servers to compare with: `broadcast` as the library documents it; `naive`, a loop that awaits every send; and `bare`, a loop of
`os.write` with a frame made once, which no server can be: it breaks at the first client that does not read. It is the floor.

None has limits, leases, repair, conflation or metrics: they are the least one can write on the same stack.
"""

import argparse
import json
import os
from collections import defaultdict

import redis.asyncio as redis
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

watchers: dict[str, dict[ServerConnection, int]] = defaultdict(dict)
"""Symbol -> connection -> its socket's descriptor."""


async def handle(connection: ServerConnection) -> None:
    """Take subscriptions until the client goes."""
    held: list[str] = []
    try:
        async for message in connection:
            held += json.loads(message)["symbols"]
            for symbol in held:
                watchers[symbol][connection] = connection.transport.get_extra_info("socket").fileno()
    except ConnectionClosed:
        pass
    finally:
        for symbol in held:
            watchers[symbol].pop(connection, None)


async def send_each(connections: dict[ServerConnection, int], line: str) -> None:
    """The naive loop."""
    for connection in list(connections):
        try:
            await connection.send(line)
        except ConnectionClosed:
            connections.pop(connection, None)


async def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["broadcast", "naive", "bare"])
    parser.add_argument("port", type=int)
    parser.add_argument("redis_port", type=int)
    parser.add_argument("channel")
    arguments = parser.parse_args()
    subscription = redis.Redis(port=arguments.redis_port, password=os.environ.get("BENCH_REDIS_PASSWORD")).pubsub()
    await subscription.subscribe(arguments.channel)
    async with serve(handle, "127.0.0.1", arguments.port, compression=None, backlog=4096):
        async for message in subscription.listen():
            if message["type"] != "message":
                continue
            line = message["data"].decode()
            connections = watchers[json.loads(line)["symbol"]]
            if arguments.kind == "broadcast":
                broadcast(connections, line)
            elif arguments.kind == "bare":
                frame = Frame(Opcode.TEXT, message["data"]).serialize(mask=False)
                for descriptor in connections.values():
                    os.write(descriptor, frame)
            else:
                await send_each(connections, line)


if __name__ == "__main__":
    uvloop.run(main())
