"""The provider's own inputs."""

import json

from plugins.resource_docker import provider_config
from plugins.resource_docker.engine import DEFAULT_HOST, Engine
from plugins.resource_docker.properties import UNKNOWN, Secret


def test_nested_inputs_that_come_as_json_are_read():
    arguments = {"registryAuth": '[{"address": "ghcr.io"}]', "host": "tcp://h:1", "version": "5.1.0"}
    expected = {"registryAuth": [{"address": "ghcr.io"}], "host": "tcp://h:1"}
    assert provider_config.settings(arguments, {}) == expected, "the engine sends nested inputs as texts"


def test_older_engines_variables_count_where_arguments_do_not_say():
    found = provider_config.settings(
        {"host": "tcp://new:1"}, {"docker:config:host": "tcp://old:1", "docker:config:certPath": "/c"}
    )
    assert found == {"host": "tcp://new:1", "certPath": "/c"}, found


def test_a_changed_host_is_a_change_of_the_provider_that_replaces_nothing():
    assert provider_config.changed({"version": "1"}, {"host": "h", "version": "2"}) == {"host": "add"}, "the version is no input"
    assert provider_config.changed({"host": "a"}, {"host": "b"}) == {"host": "update"}, "containers stay where they are"


def test_unknown_and_unimplemented_inputs_are_refused_by_name():
    reasons = dict(provider_config.failures({"host": "h", "context": "desktop", "colour": "red"}))
    assert "host" in reasons["context"], "the way out is named"
    assert set(reasons) == {"context", "colour"}, reasons


def test_logins_are_kept_as_one_secret_text_whatever_the_program_calls_them():
    login = {"username": "u", "address": "ghcr.io", "password": "p"}
    kept = Secret('[{"address":"ghcr.io","password":"p","username":"u"}]')
    assert provider_config.kept({"registryAuth": [login]}) == {"registryAuth": kept}, "the state must not tell the password"
    assert provider_config.kept({"registryAuth": json.dumps([login])}) == {"registryAuth": kept}, "the engine sends a text"
    assert provider_config.kept({"registryAuth": [{**login, "password": UNKNOWN}]}) == {"registryAuth": UNKNOWN}, "not known yet"
    assert provider_config.kept({"host": "h"}) == {"host": "h"}, "nothing is added"


def test_logins_that_are_no_list_are_told():
    assert [key for key, _ in provider_config.failures({"registryAuth": "user:password"})] == ["registryAuth"], (
        "no pull would work"
    )


def test_the_environment_counts_where_the_program_does_not_say(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere:2375")
    assert Engine().host == "tcp://elsewhere:2375", "DOCKER_HOST is every Docker tool's setting"
    assert Engine({"host": "unix:///x"}).host == "unix:///x", "the program wins"
    monkeypatch.delenv("DOCKER_HOST")
    assert Engine().host == DEFAULT_HOST, "the usual socket"


def test_the_check_of_the_engine_can_be_switched_off():
    assert provider_config.checks_engine({}), "a missing engine is told at once"
    assert not provider_config.checks_engine({"disableDockerDaemonCheck": True}), "the program says so"
