"""Clients at the door: W12 half handshakes, W14 silence after it, W15 tokens that expire or are none."""

import asyncio
import contextlib
import json
import time

from loadtests.faults.issuer import Issuer
from loadtests.faults.rogue import beside_honest, rogue
from loadtests.faults.stage import SYMBOLS, Stage
from loadtests.faults.verdict import Findings
from loadtests.frames import CLOSE, TEXT, close_code


async def w12_slowloris(found: Findings) -> None:
    async def act(on: Stage) -> None:
        half = []
        for _ in range(1500):
            reader, writer = await asyncio.open_connection("127.0.0.1", on.nodes[0].port)
            writer.write(b"GET /ws HTTP/1.1\r\nHost: x\r\n")
            half.append((reader, writer))
        opened = time.monotonic()
        async with rogue(on.nodes[0].port):
            found.at_most("good_handshake_s", time.monotonic() - opened, 0.2)
        async with asyncio.timeout(20):
            for reader, _ in half:
                with contextlib.suppress(ConnectionError):
                    await reader.read()
        found.at_most("all_cut_s", time.monotonic() - opened, 15)
        for _, writer in half:
            writer.close()

    await beside_honest(found, act, warm_ups=2)  # the second still adds 4 MiB, the third to eighth 3 in all, then nothing


async def w14_silence(found: Findings) -> None:
    async def act(on: Stage) -> None:
        began = time.monotonic()
        async with rogue(on.nodes[0].port) as one:
            opened = time.monotonic()
            async for kind, payload in one.frames(10):
                if kind == TEXT and b'"connected"' in payload[:30]:
                    found.at_most("greeted_s", time.monotonic() - began, 0.1)
                elif kind == CLOSE:
                    found.holds("closed with 4408", close_code(payload) == 4408)
                    one.writer.transport.abort()
            found.at_most("closed_s", time.monotonic() - opened, 5.5)
        found.holds("greeted first, then closed", {"greeted_s", "closed_s"} <= set(found.figures))

    await beside_honest(found, act)


async def w15_token_expires(found: Findings) -> None:
    with Issuer() as issuer:

        async def act(on: Stage) -> None:
            async with rogue(on.nodes[0].port) as one:
                one.say(action="auth", token=issuer.token(seconds=2))
                one.say(action="subscribe", symbols=[SYMBOLS[0]])
                started, kinds = time.monotonic(), []
                async for kind, payload in one.frames(10):
                    if kind == CLOSE:
                        found.holds("closed with 4401", close_code(payload) == 4401)
                        one.writer.transport.abort()
                    else:
                        kinds.append(json.loads(payload)["type"])
                found.note("closed_s", time.monotonic() - started)
                found.holds("served until then", "price_update" in kinds and "authenticated" in kinds)
                found.holds("nothing after the expiry but the reason", kinds[-1] == "error")
            for name, token in issuer.bad_tokens().items():
                async with rogue(on.nodes[0].port) as one:
                    one.say(action="auth", token=token)
                    found.holds(f"{name}: 4401", await one.closed_with(5) == 4401)

        await beside_honest(found, act, auth_mode="jwks", auth_jwks_url=issuer.url, auth_issuer=issuer.name)


FAULTS = {
    "W12": ("1500 half handshakes", w12_slowloris),
    "W14": ("connects (greeted within 100 ms) and stays silent", w14_silence),
    "W15": ("token expires while connected; bad tokens", w15_token_expires),
}
