"""Walks the table of docs/protocol.md: each input gets the one reply and close code the page promises."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from websockets.exceptions import ConnectionClosed

from services.contract.messages import server_message
from services.contract.schema import catalogue
from services.ws.tests.conftest import ask, receive, running_node

PAGE = Path(__file__).parents[3] / "docs" / "protocol.md"
SETTINGS = {"max_symbols": 3, "bad_messages": 4, "frame_burst": 40, "first_message_seconds": 1.0, "max_message_bytes": 1024}


def rows():
    text = PAGE.read_text().split("## Inputs, replies, close codes")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert len(cells) >= 20, "the table must be found, or this test walks nothing"
    return cells


SPECIAL = {
    "one symbol more than MAX_SYMBOLS": [json.dumps({"action": "subscribe", "symbols": ["TCS", "INFY", "RELIANCE", "HDFCBANK"]})],
    "100,000 opening brackets": ["[" * 100_000],
    "three bytes, binary": [b"\x00\x01\x02"],
    "a message over MAX_MESSAGE_BYTES": [json.dumps({"action": "ping", "id": "x" * 2000})],
    "BAD_MESSAGES times an unknown action": ['{"action":"buy"}'] * 4,
    "more than FRAME_BURST frames at once": ['{"action":"ping"}'] * 80,
    "nothing for FIRST_MESSAGE_SECONDS": [],
}


def inputs(cell):
    text = cell.strip("`")
    return SPECIAL[text[1:-1]] if text.startswith("<") else [text]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
async def test_row(row, client_key_file):
    name, sent, reply, close = row
    schema = Draft202012Validator({"$ref": "#/$defs/ServerMessage", **catalogue()})
    async with running_node(client_key_file=client_key_file, **SETTINGS) as rig, rig.client() as socket:
        got, code = await talk(socket, inputs(sent), is_closing=bool(close), replies=len(reply.split(",")) if reply else 0)
    for message in got:
        schema.validate(message)
        server_message.validate_python(message)
    assert code == (int(close) if close else None), f"{name}: close code"
    assert describe(got, last_only=bool(close)) == reply, f"{name}: the page promises another reply"


async def talk(socket, messages, is_closing, replies):
    got: list[dict[str, Any]] = []
    try:
        for message in messages:
            await socket.send(message)
        while is_closing or len(got) < replies:
            got.append(await receive(socket))
        await socket.send('{"action":"ping","id":"after"}')
        after = await receive(socket)
        assert after["type"] == "pong", f"exactly {replies} replies, then the pong; got {after}"
        return got, None
    except ConnectionClosed:
        return got, socket.close_code


def describe(got, last_only):
    def one(message):
        if message["type"] == "error":
            return f"error {message['code']}"
        codes = [refusal["code"] for refusal in message.get("rejected", [])]
        return f"{message['type']}: {codes[0]}" if codes else message["type"]

    if last_only:
        return one(got[-1]) if got else ""
    return ", ".join(one(message) for message in got)


async def test_every_refusal_says_limit_and_current_use(client_key_file):
    async with running_node(client_key_file=client_key_file, **SETTINGS) as rig, rig.client() as socket:
        answer = await ask(socket, action="subscribe", symbols=["TCS", "INFY", "RELIANCE", "HDFCBANK"])
    assert (answer["current"], answer["limit"]) == (3, 3)
    assert answer["rejected"] == [{"symbol": "HDFCBANK", "code": "limit", "text": "3 symbols per client"}]


async def test_the_greeting_comes_before_anything_is_said(rig):
    async with asyncio.timeout(2), rig.client():
        pass  # the rig's client has read it: a greeting that waits for the first message would never come; smoke times it
