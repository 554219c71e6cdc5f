"""Calling a service: one total deadline, bounded bodies, no redirects, only addresses that may be called."""

import asyncio
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from services.api.upstreams import Kind, UpstreamError
from services.api.upstreams.addresses import ForbiddenAddressError, check_base_url, public_only
from services.api.upstreams.client import Answer, Upstream, check, retry_after


async def serve(respond):
    """A raw server on loopback that runs `respond(writer)` for each request."""

    async def handle(reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            await respond(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def fails_with(respond, deadline=0.2):
    server, url = await serve(respond)
    upstream = Upstream(url, deadline_seconds=deadline)
    started = time.monotonic()
    with pytest.raises(UpstreamError) as refused:
        await upstream.json("/x")
    await upstream.close()
    server.close()
    return refused.value, time.monotonic() - started


async def test_silence_and_drip_end_at_the_one_deadline():
    async def silent(writer):
        await asyncio.sleep(5)

    async def drip(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    for respond in (silent, drip):
        error, seconds = await fails_with(respond)
        assert error.kind is Kind.UNAVAILABLE
        assert seconds < 1.5, "each byte came in time, the whole did not"


async def test_a_redirect_is_not_followed():
    called = []

    async def redirect(writer):
        called.append(1)
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    error, _ = await fails_with(redirect)
    assert error.kind is Kind.UNAVAILABLE
    assert len(called) == 1


async def test_a_name_that_leads_into_a_private_network_is_refused_before_a_byte_is_sent():
    heard = []

    async def listen(reader, writer):
        heard.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    upstream = Upstream(f"http://localhost:{port}", is_public=True)
    with pytest.raises(UpstreamError) as refused:
        await upstream.json("/latest/meta-data")
    await upstream.close()
    while not heard:  # noqa: ASYNC110 - the server is a callback
        await asyncio.sleep(0.01)
    server.close()
    assert refused.value.kind is Kind.UNAVAILABLE
    assert heard == [b""], "the name was looked up and called, and then nothing was said to whoever answered there"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("127.0.0.1", False), ("10.1.2.3", False), ("192.168.0.1", False),
        ("172.16.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("::1", False),
        ("fd00::1", False), ("fe80::1%eth0", False), ("::ffff:10.0.0.1", False),
    ],
)  # fmt: skip
async def test_the_address_is_judged_that_the_name_led_to(address, allowed):
    class Stream:
        closed = False

        def get_extra_info(self, name):
            return (address, 443)

        async def aclose(self):
            self.closed = True

    async def connect(trace, host, stream):
        await trace("connection.connect_tcp.started", {"host": host})
        await trace("connection.connect_tcp.complete", {"return_value": stream})

    stream = Stream()
    if allowed:
        await connect(public_only("api.example"), "api.example", stream)
    else:
        with pytest.raises(ForbiddenAddressError):
            await connect(public_only("api.example"), "api.example", stream)
    assert stream.closed is not allowed
    await connect(public_only("api.example"), "proxy.internal", Stream())


def self_signed(folder):
    """A TLS context of a server that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(hours=1), now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    heard = []

    async def listen(reader, writer):
        heard.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=self_signed(tmp_path))
    async with server, Upstream(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}") as upstream:
        with pytest.raises(UpstreamError) as refused:
            await upstream.json("/query", {"apikey": "secret"})
    assert refused.value.kind is Kind.UNAVAILABLE
    assert not any(heard), "the key in the address must not reach whoever stands in between"


async def test_an_endless_body_is_cut():
    async def endless(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
        for _ in range(200):
            writer.write(b"1," * 50_000)
            await writer.drain()

    error, _ = await fails_with(endless, deadline=10)
    assert error.kind is Kind.MALFORMED


async def test_nobody_there_is_unavailable():
    upstream = Upstream("http://127.0.0.1:1")
    with pytest.raises(UpstreamError) as refused:
        await upstream.json("/x")
    assert refused.value.kind is Kind.UNAVAILABLE
    await upstream.close()


@pytest.mark.parametrize(
    ("status", "kind", "body", "expected"),
    [
        (429, "text/plain", b"Too Many Requests", Kind.RATE_LIMITED),
        (500, "text/html", b"<html>", Kind.UNAVAILABLE),
        (503, "text/plain", b"", Kind.UNAVAILABLE),
        (403, "text/html", b"<html>", Kind.BLOCKED),
        (200, "text/html; charset=utf-8", b"\n<!DOCTYPE html>", Kind.BLOCKED),
        (200, "application/json", b"<html>", Kind.BLOCKED),
        (401, "text/plain", b"", Kind.BLOCKED),
        (200, "application/json", b"", Kind.MALFORMED),
        (200, "application/json", b'"text"', Kind.MALFORMED),
        (301, "text/html", b"<html>", Kind.UNAVAILABLE),
    ],
)
def test_the_transport_already_says_much(status, kind, body, expected):
    with pytest.raises(UpstreamError) as refused:
        check(Answer(status, kind, body, {}))
    assert refused.value.kind is expected


def test_json_with_an_error_status_goes_to_its_parser():
    for status in (400, 401, 403, 404, 429, 500):
        assert check(Answer(status, "application/json", b'{"code":1}', {})).status == status


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("5", 5), ("99999999999999", 3600), ("-1", None), ("soon", None), ("", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after_is_bounded_in_both_its_forms(given, seconds):
    assert retry_after({"retry-after": given}) == seconds


@pytest.mark.parametrize(
    ("url", "production", "allowed"),
    [
        ("https://www.nseindia.com", True, True), ("https://api.example/", True, True), ("http://127.0.0.1:8000", False, True),
        ("http://fake:8000", False, True), ("http://127.0.0.1:8000", True, False), ("http://api.example", False, False),
        ("https://169.254.169.254", True, False), ("https://10.0.0.1", True, False), ("https://localhost", True, False),
        ("https://[::1]", True, False), ("file:///etc/passwd", False, False), ("redis://redis:6379", False, False),
        ("https://user:pw@api.example", True, False), ("https://api.example?x=1", True, False), ("", False, False),
    ],
)  # fmt: skip
def test_only_addresses_that_may_be_called_are_taken(url, production, allowed):
    if allowed:
        assert check_base_url(url, production=production) == url.rstrip("/")
    else:
        with pytest.raises(ValueError, match=r"."):
            check_base_url(url, production=production)
