"""What infra gives is exactly what the services read: the one place where both sides meet."""

import pytest

from infra.settings import SECRETS, check
from infra.workload import describe
from services.api.settings import Settings as ApiSettings
from services.ws.settings import WsSettings


@pytest.fixture
def workload(tmp_path):
    (tmp_path / "2026-01-05.csv").touch()
    replay = {"source": "replay", "replayDay": "2026-01-05", "replaySpeed": "60", "marketDataDir": str(tmp_path)}
    return describe(check({"owner": "me", **replay}, dict.fromkeys(SECRETS, "a-secret-of-sixteen-or-more")))


@pytest.fixture
def secret_files(tmp_path, monkeypatch):
    """The services check that their secret files can be read."""

    def give(environment):
        for key, value in environment.items():
            if key.endswith("_FILE"):
                file = tmp_path / value.rpartition("/")[2]
                file.write_text("a-secret-of-sixteen-or-more")
                value = str(file)
            monkeypatch.setenv(key, value)
        monkeypatch.setenv("RELEASE", "0a1b2c3d")

    return give


def names_read_by(model):
    names = {"RELEASE"}
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        names |= {str(choice) for choice in getattr(alias, "choices", [alias or name])}
    return {name.upper() for name in names}


def test_the_api_accepts_what_it_is_given(workload, secret_files):
    secret_files(workload.api.environment)
    settings = ApiSettings()
    assert settings.source == "replay"
    assert settings.replay_speed == 60
    assert settings.redis_address == ("redis", 6379, False)
    assert settings.redis_password(), "the password must be found in the file"
    assert settings.release == "0a1b2c3d"


def test_the_socket_server_accepts_what_it_is_given(workload, secret_files):
    secret_files(workload.ws.environment)
    settings = WsSettings()
    assert (settings.port, settings.api_base, settings.redis_host) == (8081, "http://api:5000", "redis")
    assert settings.secret("redis_password")
    assert "RELIANCE" in settings.default_symbols


@pytest.mark.parametrize(("name", "model"), [("api", ApiSettings), ("ws", WsSettings), ("migration", ApiSettings)])
def test_no_variable_is_given_that_nobody_reads(workload, name, model):
    given = set(getattr(workload, name).environment)
    assert given - names_read_by(model) == set(), "a variable nobody reads is a promise nobody keeps"


def test_both_services_are_told_the_same(workload):
    api, ws = workload.api.environment, workload.ws.environment
    shared = [key for key in api if key in ws and key != "PORT"]
    assert {key: api[key] for key in shared} == {key: ws[key] for key in shared}
    assert [key for key in shared if key.startswith("REDIS_CHANNEL")], "both must be told the channels"
