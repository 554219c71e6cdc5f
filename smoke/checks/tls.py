"""TLS, where the edge speaks it: a certificate that holds for a while, and nothing in clear at the same port."""

import asyncio
import ssl
import time
from urllib.parse import urlsplit

from ops.containers import port_of
from smoke.check import check
from smoke.failure import CheckFailed, require
from smoke.platform import Platform

LEFT_DAYS = 7
SAFE = ("TLSv1.2", "TLSv1.3")


@check(3000, tls=True)
async def tls_certificate(platform: Platform) -> None:
    """A client that verifies gets through by TLS 1.2 or newer, and the certificate is good for a week at least."""
    parts = urlsplit(platform.access.base_url)
    try:
        _, writer = await asyncio.open_connection(parts.hostname, port_of(platform.access.base_url), ssl=platform.trust)
    except (ssl.SSLError, OSError) as error:
        raise CheckFailed("a certificate this machine trusts", f"{type(error).__name__}", error) from error
    try:
        version, certificate = writer.get_extra_info("ssl_object").version(), writer.get_extra_info("peercert")
    finally:
        writer.close()
    require(version in SAFE, f"one of {', '.join(SAFE)}", version)
    days = (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / 86_400
    require(days >= LEFT_DAYS, f"a certificate that is good for {LEFT_DAYS} days", f"{days:.1f} days")


@check(3000, tls=True)
async def tls_only(platform: Platform) -> None:
    """The same port answers nothing in clear but a refusal or a way to https."""
    parts = urlsplit(platform.access.base_url)
    reader, writer = await asyncio.open_connection(parts.hostname, port_of(platform.access.base_url))
    try:
        writer.write(f"GET / HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode())
        await writer.drain()
        answer = await asyncio.wait_for(reader.read(64), 2)
    except (OSError, TimeoutError):
        return  # refused or left alone: nothing came in clear
    finally:
        writer.close()
    clear = answer.startswith(b"HTTP/") and answer.split()[1][:1] == b"2"
    require(not clear, "no page in clear at the port of https", answer[:60].decode("latin-1"))
