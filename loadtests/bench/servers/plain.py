"""Two servers to compare with: `broadcast` as the library documents it, and `naive`, a loop that awaits every send.

Neither has limits, leases, repair, conflation or metrics: they are the least one can write on the same stack.
"""

import argparse
import json
import os
from collections import defaultdict

import redis.asyncio as redis
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

watchers: dict[str, set[ServerConnection]] = defaultdict(set)


async def handle(connection: ServerConnection) -> None:
    """Take subscriptions until the client goes."""
    held: list[str] = []
    try:
        async for message in connection:
            held += json.loads(message)["symbols"]
            for symbol in held:
                watchers[symbol].add(connection)
    except ConnectionClosed:
        pass
    finally:
        for symbol in held:
            watchers[symbol].discard(connection)


async def send_each(connections: set[ServerConnection], line: str) -> None:
    """The naive loop."""
    for connection in list(connections):
        try:
            await connection.send(line)
        except ConnectionClosed:
            connections.discard(connection)


async def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["broadcast", "naive"])
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
            else:
                await send_each(connections, line)


if __name__ == "__main__":
    uvloop.run(main())
