"""The gpus text, as `docker run --gpus` reads it."""

import pytest

from plugins.resource_docker.errors import DockerError
from plugins.resource_docker.gpus import device_request


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", {"Count": -1}),
        ("2", {"Count": 2}),
        ("device=0", {"DeviceIDs": ["0"]}),
        ("device=0,1", {"DeviceIDs": ["0", "1"]}),
        ('"device=0,1"', {"DeviceIDs": ["0", "1"]}),
        ("driver=nvidia,count=1", {"Driver": "nvidia", "Count": 1}),
        ("capabilities=compute", {"Capabilities": [["compute", "gpu"]], "Count": 1}),
    ],
)
def test_a_text_becomes_a_device_request(text, expected):
    empty = {"Driver": "", "Count": 0, "DeviceIDs": [], "Capabilities": [["gpu"]], "Options": {}}
    assert device_request(text) == {**empty, **expected}, f"docker run --gpus {text} would ask for something else"


@pytest.mark.parametrize("text", ["some", "colour=red"])
def test_other_texts_are_named(text):
    with pytest.raises(DockerError, match="gpus"):
        device_request(text)
