"""Images: which change of the inputs builds again, and what their check makes of inputs that are not known yet."""

import pytest

from plugins.resource_docker.engine import Engine
from plugins.resource_docker.engine_log import EngineLog
from plugins.resource_docker.image import KEPT_INPUTS, Image
from plugins.resource_docker.properties import UNKNOWN
from plugins.resource_docker.resource_type import Context

INPUTS = {"imageName": "i", "build": {"context": "."}, "skipPush": True}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ({"server": "a", "password": "1"}, {"server": "a", "password": "2"}, False),
        ({"server": "a"}, {"server": "b"}, True),
        ({"username": "u"}, {"username": "u", "server": "a"}, False),
        ({"server": "a"}, {}, False),
        (None, {"server": "a"}, True),
    ],
)
def test_credentials_come_and_go_without_a_build_but_another_server_is_another_image(old, new, changed):
    before, after = ({**INPUTS, **({} if registry is None else {"registry": registry})} for registry in (old, new))
    assert Image().diff({KEPT_INPUTS: before}, after).changed is changed, "as the official provider compares them"


def check(tmp_path, monkeypatch, **build):
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    monkeypatch.chdir(tmp_path)
    return Image().check(Context(Engine(), EngineLog()), {**INPUTS, "build": build}, {}, str)


def test_a_context_that_is_not_known_yet_is_checked_with_the_programs_own_folder(tmp_path, monkeypatch):
    inputs, failures = check(tmp_path, monkeypatch, context=UNKNOWN)
    assert not failures, failures
    assert (inputs["build"]["context"], inputs["build"]["dockerfile"]) == (UNKNOWN, "Dockerfile"), "as the official check"


def test_a_cache_without_images_is_told(tmp_path, monkeypatch):
    _, failures = check(tmp_path, monkeypatch, context=".", cacheFrom={})
    assert [key for key, _ in failures] == ["build.cacheFrom"], "it would cache nothing"
