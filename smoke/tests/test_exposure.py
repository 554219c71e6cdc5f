"""What counts as open, and which headers are missed."""

import socket

import pytest

from ops.access import Access
from services.contract.tests.standin import SECURITY_HEADERS
from smoke.checks import exposure
from smoke.checks.exposure import host_addresses
from smoke.checks.headers import faults_of
from smoke.checks.web import references
from smoke.failure import CheckFailed
from smoke.platform import Platform


async def test_an_open_redis_port_on_any_address_fails(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(exposure, "CLOSED_PORTS", (listener.getsockname()[1],))
        with pytest.raises(CheckFailed, match="takes connections"):
            await exposure.exposure_ports(Platform(Access("http://127.0.0.1:1")))


def test_loopback_is_among_the_addresses():
    assert host_addresses()[0] == "127.0.0.1"


@pytest.mark.parametrize("name", SECURITY_HEADERS)
def test_each_missing_header_is_a_fault(name):
    headers = {key.lower(): value for key, value in SECURITY_HEADERS.items()}
    assert not faults_of(headers, tls=False)
    del headers[name.lower()]
    assert faults_of(headers, tls=False), f"nobody would notice {name} going"


def test_transport_security_belongs_to_tls_only():
    headers = {key.lower(): value for key, value in SECURITY_HEADERS.items()}
    assert faults_of(headers, tls=True) == ["no strict-transport-security with TLS"]
    assert faults_of(headers | {"strict-transport-security": "max-age=1"}, tls=False)
    assert faults_of(headers | {"server": "nginx/1.26.3"}, tls=False) == ["server tells its version: nginx/1.26.3"]


def test_references_are_what_a_browser_fetches():
    html = (
        '<link rel="icon" href="data:,"><link rel=canonical href=/c><link rel="modulepreload" href=/m.js>'
        "<script src=/a.js></script><img src=/i.svg>"
    )
    assert references(html) == ["/m.js", "/a.js", "/i.svg"]
