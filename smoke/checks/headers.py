"""Security headers on what the edge serves, whether page, JSON or error."""

import secrets
from collections.abc import Mapping

import httpx

from services.contract.endpoints import CONTROL, QUOTES, STREAM
from smoke.check import check
from smoke.failure import require
from smoke.platform import Platform

EXACT = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-xss-protection": "0",
    "referrer-policy": "strict-origin-when-cross-origin",
}
POLICY_PARTS = ("default-src", "frame-ancestors 'none'", "object-src 'none'", "base-uri", "require-trusted-types-for 'script'")


def faults_of(headers: Mapping[str, str], *, tls: bool) -> list[str]:
    """What is missing or wrong in the headers of one answer, in words."""
    faults = [f"{name}: {headers.get(name)!r}, not {value!r}" for name, value in EXACT.items() if headers.get(name) != value]
    policy = headers.get("content-security-policy", "")
    faults += [f"content-security-policy without {part}" for part in POLICY_PARTS if part not in policy]
    if "permissions-policy" not in headers:
        faults.append("no permissions-policy")
    if tls != ("strict-transport-security" in headers):
        faults.append("no strict-transport-security with TLS" if tls else "strict-transport-security without TLS")
    if any(character.isdigit() for character in headers.get("server", "")):
        faults.append(f"server tells its version: {headers['server']}")
    return faults


async def _require_headers(platform: Platform, path: str, status: int) -> None:
    _require_whole(platform, await platform.get(path, status), f"{path} ({status})")


def _require_whole(platform: Platform, response: httpx.Response, what: str) -> None:
    doubled = [name for name in EXACT if len(response.headers.get_list(name)) > 1]
    faults = faults_of(response.headers, tls=platform.access.base_url.startswith("https"))
    require(not faults and not doubled, f"every security header once on {what}", "; ".join(faults + doubled))


@check(3000)
async def headers_on_answers(platform: Platform) -> None:
    """On the page and on JSON."""
    await _require_headers(platform, "/", 200)
    await _require_headers(platform, QUOTES, 200)


@check(3000)
async def headers_on_errors(platform: Platform) -> None:
    """On what is not found, by the page's server and by the API, and on a request the edge itself refuses."""
    await _require_headers(platform, f"/assets/{secrets.token_hex(8)}.js", 404)
    await _require_headers(platform, f"{QUOTES}/NO-SUCH-SYMBOL", 404)
    await _require_headers(platform, STREAM, 403)  # the socket server refuses a caller it does not know, before the upgrade


@check(3000, faults=True)
async def headers_on_500(platform: Platform) -> None:
    """On the answer to an error that nobody foresaw; a signed request makes one, and the answer tells nothing of the inside."""
    response = await platform.control("fail", {})
    require(response.status_code == 500, "a signed drill answers 500", f"{response.status_code}: {response.text}")
    _require_whole(platform, response, f"{CONTROL} (500)")
    require(
        "drill" not in response.text and "Traceback" not in response.text, "an answer without the error's text", response.text
    )
