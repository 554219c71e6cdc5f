"""Operators' messages: only signed, timely, new and addressed ones are obeyed; and what they do to clients."""

import json
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from services.contract.messages import Control
from services.contract.signing import sign_control
from services.ws.control import ControlDesk
from services.ws.tests.conftest import ask, receive

CONTROL_KEY = "operators"


def message(key=CONTROL_KEY, **changes):
    fields = {"action": "pause", "data": {"reason": "maintenance"}, "scope": "all", "timestamp": datetime.now(UTC)}
    control = Control(**fields | {"nonce": secrets.token_hex(8)} | changes)
    wire = control.model_dump(mode="json", by_alias=True)
    return json.dumps(wire | {"signature": sign_control(key, wire)}).encode()


class Desk:
    def __init__(self, key=CONTROL_KEY):
        self.obeyed: list[Control] = []
        self.beats: list[tuple[str, int]] = []
        self.desk = ControlDesk(key, "ws-1", self.obeyed.append, lambda node, beat: self.beats.append((node, beat)))

    def take(self, raw):
        self.desk.take_message(raw)
        return self.desk.dropped


def test_a_good_message_is_obeyed_once():
    desk, raw = Desk(), message()
    desk.take(raw)
    assert desk.take(raw) == {"replayed": 1}, "a recorded pause must not work twice"
    assert [c.action for c in desk.obeyed] == ["pause"]


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (lambda: message(key="guessed"), "signature"),
        (lambda: message().replace(b"maintenance", b"maintenancE"), "signature"),
        (lambda: message(timestamp=datetime.now(UTC) - timedelta(seconds=90)), "time"),
        (lambda: message(timestamp=datetime.now(UTC) + timedelta(seconds=90)), "time"),
        (lambda: message(scope="ws-2"), "scope"),
        (lambda: b"{}", "malformed"),
        (lambda: b"\xff\xfe", "malformed"),
        (lambda: b'{"action":"pause"}', "malformed"),
        (lambda: b"x" * 20_000, "too_big"),
    ],
)
def test_others_are_dropped_and_counted(raw, cause):
    desk = Desk()
    assert desk.take(raw()) == {cause: 1}
    assert desk.obeyed == []


def test_without_a_key_nobody_is_obeyed():
    desk = Desk(key=None)
    assert desk.take(message(key="")) == {"no_key": 1}


def test_a_beat_is_heard_and_is_not_a_command():
    desk = Desk()
    assert desk.take(b'{"action":"heartbeat","node":"ws-1","beat":4}') == {}
    assert desk.beats == [("ws-1", 4)]


@pytest.fixture
def control_rig(rig):
    rig.node.desk._key = CONTROL_KEY
    return rig


async def test_pause_resume_and_notice_reach_the_clients(control_rig):
    desk = control_rig.node.desk
    async with control_rig.client() as socket:
        await ask(socket, action="subscribe", symbols=["TCS"])
        await receive(socket)
        desk.take_message(message())
        paused = await receive(socket)
        assert (paused["state"], paused["reason"]) == ("paused", "maintenance"), "the seed's pause carries its reason"
        control_rig.publish("TCS")
        control_rig.publish("TCS")
        desk.take_message(message(action="notice", data={"text": "Back at 10", "severity": "warning"}))
        notice = await receive(socket)
        assert notice["type"] == "status", "no price passed while paused"
        assert notice["notice"]["text"] == "Back at 10"
        desk.take_message(message(action="resume", data={}))
        assert (await receive(socket))["state"] == "resumed"
        newest = await receive(socket)
        assert (newest["type"], newest["seq"]) == ("price_update", 3), "the newest first, not what was missed"


async def test_a_notice_that_is_none_hurts_nobody(control_rig):
    control_rig.node.desk.take_message(message(action="notice", data={"severity": "loud"}))
    assert control_rig.node.desk.dropped == {"bad_data": 1}
