"""A generator without file handles does not start, and says what to type (E11)."""

import resource
import time

import pytest

from loadtests import machine
from loadtests.machine import CpuMeter, TooFewHandlesError, require_handles, require_way


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


def proxy(folder, limit):
    """A process folder as the kernel shows docker-proxy."""
    process = folder / "77"
    process.mkdir()
    words = ["/usr/sbin/docker-proxy", "-host-port", "8080", "-container-ip", "172.18.0.9", "-container-port", "8080", ""]
    (process / "cmdline").write_text("\0".join(words))
    (process / "limits").write_text(f"Limit  Soft Limit  Hard Limit  Units\nMax open files   {limit}   {limit}   files\n")
    return folder


def test_more_sockets_than_dockers_proxy_can_carry_are_refused_with_the_way_past_it(tmp_path):
    proxy(tmp_path, 20_000)
    require_way("http://127.0.0.1:8080", 3000, tmp_path)
    with pytest.raises(
        TooFewHandlesError, match=r"may open 20000 files and needs 6 .* STOCK_TRACKER_URL=http://172\.18\.0\.9:8080"
    ):
        require_way("http://127.0.0.1:8080", 5000, tmp_path)


@pytest.mark.parametrize(
    ("url", "limit"),
    [("http://127.0.0.1:8080", "unlimited"), ("http://127.0.0.1:8081", 1024), ("http://172.18.0.9:8080", 1024)],
)
def test_a_proxy_without_a_limit_of_another_port_or_not_on_the_way_is_no_matter(tmp_path, url, limit):
    require_way(url, 5000, proxy(tmp_path, limit))
