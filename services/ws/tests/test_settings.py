"""The environment: names, aliases, and one clear error per wrong value."""

import subprocess
import sys

import pytest

from services.ws.settings import SettingsError, WsSettings, load


def settings_of(monkeypatch, **environment):
    for name in ("PORT", "WS_PORT", "APP_ENV", "NODE_ENV", "NODE_ID", "RELEASE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load()


@pytest.mark.parametrize(
    ("environment", "port"), [({}, 8081), ({"WS_PORT": "9000"}, 9000), ({"WS_PORT": "9000", "PORT": "9001"}, 9001)]
)
def test_port_wins_over_ws_port_over_8081(monkeypatch, environment, port):
    assert settings_of(monkeypatch, **environment).port == port


def test_the_owners_names_are_read(monkeypatch):
    settings = settings_of(
        monkeypatch, NODE_ENV="production", API_BASE="http://api:5000/", REDIS_HOST="r", REDIS_PORT="6380", REDIS_TLS="true",
        REDIS_CHANNEL_UPDATES="u", REDIS_CHANNEL_SUBSCRIPTIONS="s", REDIS_CHANNEL_CONTROL="c",
        ALLOWED_ORIGINS="https://a.example, http://b:1",
    )  # fmt: skip
    assert (settings.app_env, settings.api_base, settings.redis_host) == ("production", "http://api:5000", "r")
    assert (settings.redis_port, settings.redis_tls) == (6380, True)
    assert (settings.redis_channel_updates, settings.redis_channel_subscriptions, settings.redis_channel_control) == (
        "u",
        "s",
        "c",
    )
    assert settings.allowed_origins == ("https://a.example", "http://b:1")


def test_every_wrong_value_is_reported_at_once(monkeypatch):
    with pytest.raises(SettingsError) as error:
        settings_of(monkeypatch, PORT="high", REDIS_PORT="0", ALLOWED_ORIGINS="*", API_BASE="ftp://x", DEFAULT_SYMBOLS="tcs")
    text = str(error.value)
    for name in ("PORT", "redis_port", "allowed_origins", "api_base", "default_symbols"):
        assert name in text, f"{name} must be named"


@pytest.mark.parametrize("origin", ["*", "https://*.example", "localhost:8080", "https://a.example/", "null"])
def test_an_origin_that_is_no_exact_origin_is_refused_at_start(origin):
    with pytest.raises(ValueError, match="scheme"):
        WsSettings(_env_file=None, allowed_origins=(origin,))


def test_a_missing_or_empty_secret_file_is_said_by_name(tmp_path):
    missing = WsSettings(_env_file=None, client_key_file=tmp_path / "nothing")
    with pytest.raises(SettingsError, match="CLIENT_KEY_FILE: cannot read"):
        missing.secret("client_key")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SettingsError, match="is empty"):
        WsSettings(_env_file=None, client_key_file=tmp_path / "empty").secret("client_key")


def test_the_program_ends_with_2_and_one_clear_text(tmp_path):
    environment = {"PATH": "/usr/bin", "PORT": "eighty", "REDIS_PASSWORD_FILE": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-m", "services.ws"], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert "PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_mode_needs_its_keys():
    with pytest.raises(ValueError, match="AUTH_ISSUER and AUTH_JWKS_URL"):
        WsSettings(_env_file=None, auth_mode="jwks")
    with pytest.raises(ValueError, match="nobody could be admitted"):
        WsSettings(_env_file=None, require_token=True)
