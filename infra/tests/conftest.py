"""A recording engine: the program runs against it, nothing is made, everything it asked for can be looked at."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import rpc, set_mocks

SECRETS = {
    "redisPassword": "redis-secret-of-the-test-0001",
    "postgresPassword": "postgres-secret-of-the-test-02",
    "controlKey": "control-secret-of-the-test-0003",
    "clientKey": "client-secret-of-the-test-00004",
}
SECRET_MARK = {rpc._special_sig_key: rpc._special_secret_sig}


@dataclass
class Recorded:
    """One registration as the engine got it."""

    kind: str
    name: str
    inputs: dict[str, Any]
    provider: str
    options: dict[str, Any] = field(default_factory=dict)


class Engine(pulumi_mocks.Mocks):
    """Answers as an engine would on a first `up`; `exit_code` is what the one-shot job ends with."""

    def __init__(self, exit_code: int = 0) -> None:
        self.recorded: list[Recorded] = []
        self.exit_code = exit_code
        self.outputs: dict[str, Any] = {}

    def new_resource(self, args):
        self.recorded.append(Recorded(args.typ.rpartition(":")[2], args.name, args.inputs, args.provider or ""))
        outputs = {"name": f"{args.name}-1234567", **args.inputs}
        if args.typ.endswith("Image"):
            digest = "".join(f"{ord(letter):02x}" for letter in args.name)[-64:].rjust(64, "0")
            outputs["repoDigest"] = f"sha256:{digest[::-1]}"
        if args.inputs.get("attach"):
            outputs |= {"exitCode": self.exit_code, "containerLogs": "relation quotes is missing\n"}
        return f"{args.name}-id", outputs

    def call(self, args):
        raise AssertionError(f"the program asked for {args.token}: it should need no look-up")

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Inputs by name of all resources of a kind."""
        return {found.name: found.inputs for found in self.recorded if found.kind == kind}

    def containers(self, service: str) -> list[dict[str, Any]]:
        """Inputs of a service's containers."""
        label = {"label": "stk.service", "value": service}
        return [inputs for inputs in self.of("Container").values() if label in inputs["labels"]]


def plain(value: Any) -> Any:
    """A value without the envelope of a secret."""
    if isinstance(value, dict) and SECRET_MARK.items() <= value.items():
        return plain(value["value"])
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def loop(monkeypatch):
    """Pulumi's outputs live on the thread's event loop. The SDK makes more of them for its own threads and closes none."""
    make, made = asyncio.new_event_loop, []

    def make_and_remember():
        made.append(make())
        return made[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", make_and_remember)
    asyncio.set_event_loop(asyncio.new_event_loop())
    yield
    asyncio.set_event_loop(None)
    for each in made:
        each.close()


@pytest.fixture
def configure(monkeypatch, loop):
    """Sets the stack's configuration: keys as people type them."""

    def set_config(**values: Any) -> None:
        everything = {"owner": "checkout-123456", **SECRETS, **values}
        texts = {f"stock-tracker:{key}": str(value) for key, value in everything.items() if value is not None}
        monkeypatch.setenv("PULUMI_CONFIG", json.dumps(texts))

    set_mocks(Engine(), project="stock-tracker", stack="test", preview=False)  # keys carry the project's name
    set_config()
    return set_config


@pytest.fixture
def run_program(configure):
    """Runs the program against a recording engine; returns it with the stack's outputs in `engine.outputs`."""

    def run(exit_code: int = 0, **config: Any) -> Engine:
        configure(**config)
        engine = Engine(exit_code)
        set_mocks(engine, project="stock-tracker", stack="test", preview=False)

        def program() -> None:
            from infra.settings import load_settings
            from infra.targets import TARGETS
            from infra.workload import describe

            stack = load_settings()
            endpoints = TARGETS[stack.settings.target](stack, describe(stack.settings))
            engine.outputs |= {"url": endpoints.url, "apiUrl": endpoints.api_url, "wsUrl": endpoints.ws_url}
            known = pulumi.Output.all(release=endpoints.release, images=endpoints.images)
            known.apply(engine.outputs.update)

        pulumi.runtime.test(program)()
        return engine

    return run
