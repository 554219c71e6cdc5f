"""The environment: all wrong values at once, the owner's names as aliases, nothing dangerous in production, no secret shown."""

import pytest

from services.api.database_settings import DatabaseSettings
from services.api.environment import SettingsError, load_settings
from services.api.settings import Settings


@pytest.fixture
def environment(monkeypatch):
    """Only what a test sets."""
    import os

    for name in list(os.environ):
        if name not in {"PATH", "HOME"}:
            monkeypatch.delenv(name, raising=False)

    def put(**values):
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        return load_settings(Settings)

    return put


def test_defaults_need_nothing(environment):
    settings = environment()
    assert (settings.port, settings.source, settings.is_production) == (5000, "simulated", False)
    assert settings.database_dsn() is None


def test_all_wrong_values_are_told_at_once(environment):
    with pytest.raises(SettingsError) as refused:
        environment(
            PORT="0", SOURCE="yahoo", DEFAULT_SYMBOLS="TCS,tcs", REPLAY_SPEED="0.5", ALLOWED_ORIGINS="*", LOG_LEVEL="loud"
        )
    for name in ("PORT", "SOURCE", "DEFAULT_SYMBOLS", "REPLAY_SPEED", "ALLOWED_ORIGINS", "LOG_LEVEL"):
        assert f"\n  {name}: got " in str(refused.value), f"{name} must be told in the first run, not in the sixth"


def test_the_owners_names_are_accepted(environment):
    settings = environment(
        ConnectionStrings__Redis="rediss://:se%40cret@cache.example:6380",
        ConnectionStrings__DefaultConnection="postgresql://user:w0rd-x@db.example:5433/stock",
        Cors__AllowedOrigins__0="https://app.example",
        Cors__AllowedOrigins__1="http://localhost:8080",
        Redis__ChannelUpdates="other:updates",
        Serilog__MinimumLevel__Default="Warning",
        Serilog__MinimumLevel__Override__Microsoft="Error",
        AlphaVantage__ApiKey="abcdef",
        NSE__BaseUrl="https://nse.example/",
        ASPNETCORE_ENVIRONMENT="Development",
    )
    assert settings.redis_address == ("cache.example", 6380, True)
    assert settings.redis_password() == "se@cret"
    assert settings.database_dsn() == "postgresql+asyncpg://user:w0rd-x@db.example:5433/stock"
    assert settings.allowed_origins == ("https://app.example", "http://localhost:8080")
    assert settings.redis_channel_updates == "other:updates"
    assert settings.log_level == "WARNING"
    assert settings.log_level_overrides == {"microsoft": "ERROR"}
    assert settings.api_key("alpha_vantage") == "abcdef"
    assert {"se@cret", "w0rd-x", "abcdef"} <= set(settings.secrets()), "what is secret must be known to the log's redaction"
    assert "se%40cret" not in repr(settings)
    assert "w0rd-x" not in repr(settings)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"SOURCE": "simulated"}, "SOURCE=simulated is refused with APP_ENV=production"),
        ({"SOURCE": "nse", "ALLOWED_ORIGINS": "http://localhost:8080"}, "'http://localhost:8080' is refused"),
        ({"SOURCE": "nse", "ALLOWED_ORIGINS": "https://*.example"}, "is no exact origin"),
        ({"SOURCE": "nse", "NSE_BASE_URL": "http://nse.example"}, "expected https"),
        ({"SOURCE": "nse", "NSE_BASE_URL": "https://169.254.169.254"}, "points into this network"),
        ({"SOURCE": "nse", "GEMINI_BASE_URL": "https://user:pw@gemini.example"}, "is no plain base URL"),
    ],
)
def test_production_refuses_what_would_harm(environment, values, expected):
    with pytest.raises(SettingsError) as refused:
        environment(APP_ENV="production", **values)
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    "origin", ["*", "null", "https://app.example/", "https://APP.example", "app.example", "ftp://app.example"]
)
def test_only_exact_origins_are_taken(environment, origin):
    with pytest.raises(SettingsError, match="no exact origin"):
        environment(ALLOWED_ORIGINS=origin)


def test_replay_says_what_it_needs(environment):
    with pytest.raises(SettingsError, match="needs REPLAY_DIR"):
        environment(SOURCE="replay")


def test_a_secret_file_that_is_absent_or_empty_is_told(environment, tmp_path):
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SettingsError) as refused:
        environment(CONTROL_KEY_FILE=str(tmp_path / "absent"), REDIS_PASSWORD_FILE=str(tmp_path / "empty"))
    assert "CONTROL_KEY_FILE" in str(refused.value)
    assert "is empty" in str(refused.value)


def test_the_migration_reads_only_what_it_needs(environment, monkeypatch):
    monkeypatch.setenv("APP_ENV", "production")
    monkeypatch.setenv("DATABASE_HOST", "database")
    assert load_settings(DatabaseSettings).database_dsn(), "production without a source must not stop a migration"
