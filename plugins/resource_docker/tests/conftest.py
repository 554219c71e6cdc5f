"""A real engine for the tests marked `engine`: unique names, and everything made is removed again."""

import itertools
import secrets
from dataclasses import dataclass
from typing import Any

import pytest

from plugins.resource_docker import checking
from plugins.resource_docker.container import Container
from plugins.resource_docker.engine import Engine
from plugins.resource_docker.engine_log import EngineLog
from plugins.resource_docker.errors import HalfMadeError
from plugins.resource_docker.resource_type import Context

BASE_IMAGE = "debian:trixie-slim"


@dataclass
class Running:
    """A container that a test made, with the inputs it was made of."""

    id: str
    outputs: dict[str, Any]
    inputs: dict[str, Any]


class ListLog(EngineLog):
    """Keeps what would be shown at the terminal."""

    def __init__(self):
        super().__init__()
        self.lines: list[str] = []

    def _send(self, severity, urn, message, *, ephemeral):
        self.lines.append(message)


@pytest.fixture
def context():
    engine = Engine()
    yield Context(engine, ListLog())
    engine.close()


@pytest.fixture
def lines(context):
    return context.log.lines


@pytest.fixture(scope="session")
def base_image():
    return BASE_IMAGE


@pytest.fixture
def name():
    return f"docker-plugin-test-{secrets.token_hex(4)}"


@pytest.fixture
def made(context):
    """Make a resource of a type; it is removed at the end, after what was made later."""
    resources = []

    def make(resource, inputs):
        result = resource.create(context, inputs, preview=False)
        resources.append((resource, result.id, result.outputs))
        return result

    yield make
    for resource, resource_id, outputs in reversed(resources):
        resource.delete(context, resource_id, outputs)


@pytest.fixture
def container(context, name, base_image):
    """Make a container (by default one that sleeps); removed at the end, also if it was only half made."""
    ids: list[str] = []
    numbers = itertools.count()

    def make(**inputs):
        news = {"image": base_image, "command": ["sleep", "1000"], **inputs}
        checked = checking.check(Container.fields, news, {}, lambda: f"{name}-{next(numbers)}")
        assert not checked.failures, checked.failures
        try:
            result = Container().create(context, checked.inputs, preview=False)
        except HalfMadeError as error:
            ids.append(error.id)
            raise
        ids.append(result.id)
        return Running(result.id, result.outputs, checked.inputs)

    yield make
    for container_id in reversed(ids):
        Container().delete(context, container_id, {})
