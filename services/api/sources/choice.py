"""Which source the settings name, ready to be started."""

from services.api.breaker import Breaker
from services.api.budgets import Budget
from services.api.negative import NegativeCache
from services.api.redis_link import RedisLink
from services.api.settings import Settings
from services.api.sources import Source, SourceError
from services.api.sources.alpha_vantage import AlphaVantage
from services.api.sources.day_file import find_day, read_day
from services.api.sources.guarded import Guarded
from services.api.sources.live import LiveSource, Pace
from services.api.sources.nse import Nse
from services.api.sources.provider import Provider
from services.api.sources.replay import ReplaySource
from services.api.sources.simulated import SimulatedSource
from services.api.sources.twelve_data import TwelveData
from services.api.upstreams.client import Upstream


def make_source(settings: Settings, link: RedisLink, negative: NegativeCache) -> Source:
    """The source of this process.

    Raises:
        SourceError: it cannot be used as configured.
    """
    if settings.source == "simulated":
        return SimulatedSource(settings.simulation_seed, settings.simulation_scenario, settings.simulation_speed)
    if settings.source == "replay":
        assert settings.replay_dir is not None
        assert settings.replay_day is not None
        day = read_day(find_day(settings.replay_dir, settings.replay_day), settings.replay_day)
        return ReplaySource(day, settings.replay_speed)
    guarded = [
        Guarded(provider, Budget(link, provider.name, provider.limits), Breaker(settings.breaker_seconds))
        for provider in make_providers(settings)
    ]
    pace = Pace(settings.poll_seconds, settings.poll_closed_seconds, settings.stale_after_seconds)
    return LiveSource(guarded, negative, pace=pace)


def make_providers(settings: Settings) -> list[Provider]:
    """The named service first, then the others that have a key; NSE needs none, but only helps where it was chosen.

    Raises:
        SourceError: the named service has no key.
    """
    found: dict[str, Provider] = {}
    if settings.source == "nse":
        found["nse"] = Nse(Upstream(settings.nse_base_url, is_public=settings.is_production))
    if key := settings.api_key("twelve_data"):
        headers = {"Authorization": f"apikey {key}"}
        found["twelve_data"] = TwelveData(Upstream(settings.twelve_data_base_url, headers, is_public=settings.is_production))
    if key := settings.api_key("alpha_vantage"):
        found["alpha_vantage"] = AlphaVantage(Upstream(settings.alpha_vantage_base_url, is_public=settings.is_production), key)
    if settings.source not in found:
        name = settings.source.upper()
        raise SourceError(f"SOURCE={settings.source} needs a key: set {name}_API_KEY_FILE to a file that holds it")
    first = found.pop(settings.source)
    return [first, *found.values()]
