"""Which addresses may be called at all: https, and plain http only towards this machine or network outside production."""

import ipaddress
from urllib.parse import urlsplit


def check_base_url(url: str, *, production: bool) -> str:
    """A base URL that may be called.

    Raises:
        ValueError: it is no https address, or plain http in production or to a public address.
    """
    parts = urlsplit(url)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        raise ValueError(f"{url!r} is no plain base URL")
    if parts.scheme == "https":
        if _is_local(parts.hostname) and production:
            raise ValueError(f"{url!r} points into this network")
        return url.rstrip("/")
    if parts.scheme != "http" or production or not _is_local(parts.hostname):
        raise ValueError(f"{url!r}: expected https (plain http only to this machine, outside production)")
    return url.rstrip("/")


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or "." not in host
    return address.is_loopback or address.is_private or address.is_link_local
