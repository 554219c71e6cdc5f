"""The provider's own inputs (host, certificates, registry logins): which there are, what differs, what is wrong."""

from __future__ import annotations

import json
from typing import Any

from .properties import UNKNOWN, Secret, contains_unknown

INPUTS = {
    "caMaterial",
    "certMaterial",
    "certPath",
    "disableDockerDaemonCheck",
    "host",
    "keyMaterial",
    "registryAuth",
}
NOT_IMPLEMENTED = {
    "context": "Docker CLI contexts are not read; give the context's address as host",
    "sshOpts": "options for ssh belong in ~/.ssh/config",
}
_BOOKKEEPING = {"version", "pluginDownloadURL", "__internal"}
_JSON_INPUTS = {"registryAuth", "sshOpts", "disableDockerDaemonCheck"}
_VARIABLE_PREFIX = "docker:config:"


def failures(news: dict[str, Any]) -> list[tuple[str, str]]:
    logins = _logins(news)
    wrong = (
        [] if isinstance(logins, list) or logins is UNKNOWN else [("registryAuth", "registryAuth is no list, nor JSON for one")]
    )
    found = [(key, f"{key} is not implemented: {NOT_IMPLEMENTED[key]}") for key in sorted(news.keys() & NOT_IMPLEMENTED)]
    unknown = news.keys() - INPUTS - _BOOKKEEPING - NOT_IMPLEMENTED.keys()
    return wrong + found + [(key, f"{key} is no input of the docker provider") for key in sorted(unknown)]


def _logins(news: dict[str, Any]) -> Any:
    return _decoded(news.get("registryAuth") or [])


def kept(news: dict[str, Any]) -> dict[str, Any]:
    """Inputs as the state has them: with the logins as one secret text, whether or not the program calls them secret."""
    if "registryAuth" not in news:
        return news
    logins = _logins(news)
    if contains_unknown(logins):
        return news | {"registryAuth": UNKNOWN}
    text = json.dumps(logins, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return news | {"registryAuth": Secret(text) if logins else text}


def changed(olds: dict[str, Any], news: dict[str, Any]) -> dict[str, str]:
    """Input -> add, delete or update. Nothing here replaces the provider: its resources stay where they are."""
    result = {}
    for key in (olds.keys() | news.keys()) - _BOOKKEEPING:
        if olds.get(key) != news.get(key):
            result[key] = "add" if key not in olds else "delete" if key not in news else "update"
    return result


def settings(arguments: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    """Inputs as the engine sends them at Configure: nested values may come as JSON texts."""
    given = {key.removeprefix(_VARIABLE_PREFIX): value for key, value in variables.items()} | arguments
    return {key: _decoded(value) if key in _JSON_INPUTS else value for key, value in given.items() if key in INPUTS}


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def checks_engine(given: dict[str, Any]) -> bool:
    return given.get("disableDockerDaemonCheck") is not True
