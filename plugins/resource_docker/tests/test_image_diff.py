"""Images: which change of the inputs builds again."""

import pytest

from plugins.resource_docker.image import KEPT_INPUTS, Image

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
