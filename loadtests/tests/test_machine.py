"""A generator without file handles does not start, and says what to type (E11)."""

import resource
import time

import pytest

from loadtests import machine
from loadtests.machine import CpuMeter, TooFewHandlesError, require_handles


def test_too_few_handles_are_told_with_the_command(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    with pytest.raises(TooFewHandlesError, match=r"1000 sockets need >= 1256 open files, you have 1024\. Run: ulimit -n 8192"):
        require_handles(1000)


def test_the_soft_limit_is_raised_where_the_hard_one_allows(monkeypatch):
    limits = [(1024, 65_536)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[0])
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: limits.__setitem__(0, new))
    require_handles(1000)
    assert limits[0] == (1256, 65_536)


def test_the_cpu_meter_sees_this_process_work():
    meter = CpuMeter()
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    own, whole = meter.read()
    assert own > 0, "50 ms of work, however long the machine took for them"
    assert 0 <= whole <= 100


def test_the_machine_is_described():
    assert int(machine.describe()["cores"]) >= 1
