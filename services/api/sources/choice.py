"""Which source the settings name, ready to be started."""

from services.api.settings import Settings
from services.api.sources import Source, SourceError
from services.api.sources.day_file import find_day, read_day
from services.api.sources.replay import ReplaySource
from services.api.sources.simulated import SimulatedSource


def make_source(settings: Settings) -> Source:
    """The source of this process.

    Raises:
        SourceError: it cannot be used as configured.
    """
    if settings.source == "simulated":
        return SimulatedSource(settings.simulation_seed, settings.simulation_scenario, settings.simulation_speed)
    if settings.source == "replay":
        assert settings.replay_dir is not None
        assert settings.replay_day is not None
        return ReplaySource(
            read_day(find_day(settings.replay_dir, settings.replay_day), settings.replay_day), settings.replay_speed
        )
    raise SourceError(f"SOURCE={settings.source}: not there yet")
