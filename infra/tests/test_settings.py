import re

import pytest

from infra.settings import PUBLIC_PAGE_KEYS, SECRETS, Settings, SettingsError, check, load_settings

GOOD_SECRETS = dict.fromkeys(SECRETS, "a-secret-of-sixteen-or-more")


def wrong(values, secrets=GOOD_SECRETS):
    with pytest.raises(SettingsError) as caught:
        check({"owner": "me", **values}, secrets)
    return str(caught.value)


def test_nothing_but_owner_and_secrets_is_needed():
    settings = check({"owner": "me"}, GOOD_SECRETS)
    assert (settings.port, settings.bind_address, settings.api_replicas, settings.source) == (8080, "127.0.0.1", 2, "simulated")
    assert settings.keep_data, "data must never be lost by default"


def test_all_wrong_values_are_reported_at_once():
    text = wrong({"port": "0", "wsReplicas": "two", "bindAddress": "here", "replaySpeed": "fast", "owner": "Me!"})
    for part in ("port: got '0'", "wsReplicas: got 'two', expected a whole number from 1 to 20", "bindAddress: got 'here'",
                 "replaySpeed: got 'fast', expected a number from 1 to 1000, or max", "owner: got 'Me!'"):  # fmt: skip
        assert part in text, "one round of correction must be enough"
    assert text.startswith("5 configuration values"), text
    assert len(text.splitlines()) == 6, "one line for each wrong value"


@pytest.mark.parametrize("key", ["port", "wsReplicas", "defaultSymbols", "allowedOrigins", "keepData", "appEnv", "replayDay"])
def test_each_line_ends_with_the_command_that_repairs_it(key):
    assert f"./pulumiw config set {key} VALUE" in wrong({key: "?"})


def test_an_unknown_key_is_refused_with_the_one_that_was_meant():
    text = wrong({"wsReplica": "2"})
    assert "wsReplica: unknown key; did you mean wsReplicas?" in text
    assert "./pulumiw config rm wsReplica" in text


@pytest.mark.parametrize("key", ["VITE_GEMINI_API_KEY", "VITE_ALPHA_VANTAGE_API_KEY", "VITE_TWELVE_DATA_API_KEY"])
def test_a_server_secret_among_the_pages_values_is_refused_without_being_quoted(key):
    text = wrong({key: "AIza-very-secret"})
    assert f"{key}: would be public in every browser. Move it: ./pulumiw config rm {key}; ./pulumiw config set --secret" in text
    assert "AIza" not in text, "an error must not print a secret"


@pytest.mark.parametrize("key", PUBLIC_PAGE_KEYS)
def test_the_pages_public_values_pass_through(key):
    assert check({"owner": "me", key: "x"}, GOOD_SECRETS).page == {key: "x"}


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("value", [None, "", "short"])
def test_a_missing_or_short_secret_is_named_and_never_quoted(name, value):
    text = wrong({}, {**GOOD_SECRETS, name: value})
    assert f"./pulumiw config set --secret {SECRETS[name]}" in text
    assert "'short'" not in text


@pytest.mark.parametrize("target", ["swarm", "cloud"])
def test_a_target_that_is_not_built_yet_says_so(target):
    text = wrong({"target": target})
    assert f"target: got {target}, which this version cannot deploy to yet" in text


def test_production_refuses_made_up_prices_and_local_origins():
    text = wrong({"appEnv": "production"})
    assert "source: got simulated, refused with appEnv production" in text
    assert "allowedOrigins: got http://127.0.0.1:8080, refused with appEnv production" in text
    settings = check(
        {"owner": "me", "appEnv": "production", "source": "nse", "allowedOrigins": "https://a.example"}, GOOD_SECRETS
    )
    assert settings.origins == ("https://a.example",)


def test_replay_needs_a_day_whose_file_is_there(tmp_path):
    assert "needs replayDay and marketDataDir" in wrong({"source": "replay"})
    replay = {"source": "replay", "replayDay": "2026-01-05", "marketDataDir": str(tmp_path)}
    assert f"replayDay: got 2026-01-05, expected a day with 2026-01-05.csv or 2026-01-05.csv.gz below {tmp_path}" in wrong(replay)
    (tmp_path / "2026-01-05.csv.gz").touch()
    assert check({"owner": "me", **replay}, GOOD_SECRETS).replay_speed == 1


@pytest.mark.parametrize("origin", ["*", "https://a.example/", "https://A.example", "ws://a.example", "a.example"])
def test_an_origin_is_exact(origin):
    assert "allowedOrigins: got" in wrong({"allowedOrigins": origin})


def test_a_value_of_another_type_in_the_file_is_no_different_from_text(configure):
    configure(port=9000, keepData=False)
    settings = load_settings().settings
    assert (settings.port, settings.keep_data) == (9000, False)


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        check({"owner": "me"}, GOOD_SECRETS).port = 1  # type: ignore[misc]


def test_pulumi_yaml_tells_of_every_key():
    from pathlib import Path

    text = (Path(__file__).parents[2] / "Pulumi.yaml").read_text()
    keys = {field.alias or name for name, field in Settings.model_fields.items()} - {"page"} | set(SECRETS.values())
    untold = [key for key in keys if not re.search(rf"\b{key}\b", text)]
    assert not untold, "who opens Pulumi.yaml must find every key there"
