"""The page: it loads with every file it names, deep links work, and what is not there is not found."""

import secrets
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from services.contract.endpoints import PAGE_CONFIG
from smoke.check import check
from smoke.failure import require
from smoke.platform import Platform

LINKED = frozenset({"stylesheet", "modulepreload", "preload", "icon", "manifest"})


class _References(HTMLParser):
    """Collects what a browser would fetch for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "source") and (source := given.get("src")):
            self.found.append(source)
        if tag == "link" and LINKED & set((given.get("rel") or "").split()) and (target := given.get("href")):
            self.found.append(target)


def references(html: str) -> list[str]:
    """Addresses of scripts, styles, icons and images, in order, without `data:`."""
    parser = _References()
    parser.feed(html)
    return [found for found in parser.found if not found.startswith("data:")]


async def _page(platform: Platform, path: str) -> str:
    response = await platform.get(path)
    kind = response.headers.get("content-type", "")
    require(kind.startswith("text/html"), f"{path} is text/html", kind)
    return response.text


@check(3000, objective="web_page")
async def web_page(platform: Platform) -> None:
    """`/` is HTML, and every script, style, icon and image it names answers 200 from the same origin."""
    found = references(await _page(platform, "/"))
    require(any(".js" in reference for reference in found), "the page names at least one script", found)
    for reference in found:
        address = urljoin(platform.access.base_url + "/", reference)
        own = urlsplit(address).netloc == urlsplit(platform.access.base_url).netloc
        require(own, "the page names files of its own origin only", reference)
        response = await platform.get(address)
        kind = response.headers.get("content-type", "")
        require(not kind.startswith("text/html"), f"{reference} is not the page itself again", kind)


@check(3000)
async def web_deep_link(platform: Platform) -> None:
    """A link into the page, as one would share it, gives the page."""
    require(references(await _page(platform, "/s/TCS")), "/s/TCS is the page", "HTML that names no script")


@check(3000)
async def web_missing_asset(platform: Platform) -> None:
    """An asset that does not exist is 404, never the page (a stale page would run HTML as script)."""
    await platform.get(f"/assets/{secrets.token_hex(8)}.js", status=404)


@check(3000)
async def web_config(platform: Platform) -> None:
    """The page's runtime configuration is a JSON object that names its release."""
    config = await platform.get_json(PAGE_CONFIG)
    require(isinstance(config, dict) and config.get("RELEASE"), f"{PAGE_CONFIG} is an object with RELEASE", config)
