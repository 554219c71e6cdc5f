"""The API: healthy, ready, serving real quotes; and the release of it and of every other part."""

from datetime import UTC, datetime
from typing import Any

from services.contract.endpoints import (
    EDGE_API_HEALTH,
    EDGE_API_READY,
    EDGE_HEALTH,
    EDGE_WS_HEALTH,
    INDICES,
    MARKET_STATUS,
    PAGE_CONFIG,
    QUOTES,
)
from services.contract.messages import PriceUpdate
from services.contract.release import release_id
from services.contract.symbols import PROBE_SYMBOL
from smoke.check import check
from smoke.failure import CheckFailed, require
from smoke.platform import Platform
from smoke.waiting import eventually

CLOCK_SKEW_SECONDS = 2.0
ASKED_PER_PART = 6
"""A part has several replicas behind the edge; each ask is a new connection, so that all are likely met."""


def require_now(text: object) -> None:
    """`text` is an RFC 3339 moment in UTC close to this machine's clock."""
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        away = abs((datetime.now(UTC) - moment).total_seconds())
    except (ValueError, TypeError) as error:
        raise CheckFailed("`timestamp` is an RFC 3339 moment in UTC", repr(text), error) from error
    require(away <= CLOCK_SKEW_SECONDS, f"`timestamp` is within {CLOCK_SKEW_SECONDS:g} s of now", f"{text}, {away:.1f} s away")


@check(2000, objective="api_health")
async def api_health(platform: Platform) -> None:
    """Health says `healthy` and the time; readiness says 200."""
    health = await platform.get_json(EDGE_API_HEALTH)
    require(health.get("status") == "healthy", "status healthy", health)
    require_now(health.get("timestamp"))
    await platform.get(EDGE_API_READY)


def require_update(update: Any) -> PriceUpdate:
    """`update` is a complete price_update of the contract with a positive price."""
    try:
        return PriceUpdate.model_validate(update)
    except ValueError as error:
        raise CheckFailed("a price_update of the contract", str(update)[:200], error) from error


async def default_symbols(platform: Platform) -> list[str]:
    """The symbols the platform lists by itself."""
    listed = (await platform.get_json(QUOTES)).get("quotes")
    require(listed, f"{QUOTES} lists at least one quote", listed)
    return [require_update(update).symbol for update in listed]


@check(2000)
async def api_quotes(platform: Platform) -> None:
    """The default list has valid quotes, one of them answers by itself, and an unknown symbol is 404."""
    symbols = await default_symbols(platform)
    require(PROBE_SYMBOL not in symbols, f"no list shows {PROBE_SYMBOL}", symbols)
    one = require_update(await platform.get_json(f"{QUOTES}/{symbols[0]}"))
    require(one.symbol == symbols[0], f"the quote of {symbols[0]}", one.symbol)
    await platform.get(f"{QUOTES}/NO-SUCH-SYMBOL", status=404)


@check(5000)
async def api_market(platform: Platform) -> None:
    """Indices and market status answer; a platform that started this moment gets the time of a few ticks for its first index."""
    answer = await eventually(
        lambda: platform.get_json(INDICES), expected=f"{INDICES} answers", within_seconds=4, pause_seconds=0.5
    )
    indices = answer.get("indices")
    require(isinstance(indices, list), f"{INDICES} is a list", indices)
    status = await platform.get_json(MARKET_STATUS)
    require(isinstance(status, dict) and status, f"{MARKET_STATUS} is an object", status)


@check(5000)
async def release(platform: Platform) -> None:
    """Every replica met of a part tells the same id, and all parts together are the expected release where it is given."""
    seen: dict[str, set[str]] = {}
    for part, path in (("api", EDGE_API_HEALTH), ("ws", EDGE_WS_HEALTH), ("web", PAGE_CONFIG), ("edge", EDGE_HEALTH)):
        for _ in range(ASKED_PER_PART):
            body = (await platform.http.get(path, headers={"Connection": "close"})).json()
            seen.setdefault(part, set()).add(str(body.get("release") or body.get("RELEASE")))
    shown = ", ".join(f"{part} {'/'.join(sorted(found))}" for part, found in seen.items())
    whole = all(len(found) == 1 and "None" not in found for found in seen.values())
    require(whole, "one release id from all replicas of a part", shown)
    expected = platform.access.expected_release
    found = release_id({part: next(iter(ids)) for part, ids in seen.items()})
    require(expected in (None, found), f"release {expected}", found)
