"""What the docker target asks the engine for. What the engine makes of it is shown by the stack test."""

import json

import pytest

from infra.tests.conftest import SECRET_MARK, SECRETS, plain

STORES = ("redis", "database")
ROLLING = ("api", "ws", "web")
SERVICES = (*STORES, *ROLLING, "edge")


def test_the_replicas_are_as_many_as_configured(run_program):
    engine = run_program(apiReplicas=3, wsReplicas=1)
    assert {name: len(engine.containers(name)) for name in SERVICES} == {
        "redis": 1, "database": 1, "api": 3, "ws": 1, "web": 2, "edge": 1,
    }  # fmt: skip


def test_only_the_edge_publishes_a_port_and_only_on_the_configured_address(run_program):
    engine = run_program(port=9999)
    published = {name: inputs["ports"] for name, inputs in engine.of("Container").items() if inputs.get("ports")}
    assert list(published) == ["stock-tracker-test-edge"]
    [port] = published["stock-tracker-test-edge"]
    assert (port["external"], port["internal"], port["ip"]) == (9999, 8080, "127.0.0.1")


def test_every_container_is_confined(run_program):
    for name, inputs in run_program().of("Container").items():
        assert inputs["user"] == "10001:10001", name
        assert inputs["capabilities"] == {"drops": ["ALL"]}, name
        assert inputs["securityOpts"] == ["no-new-privileges:true"], name
        assert inputs["memory"] == inputs["memorySwap"] > 0, f"{name} must have a limit that swap does not undo"
        assert inputs["logOpts"] == {"max-size": "10m", "max-file": "3"}, f"{name}: logs must not fill the disk"
        assert inputs["destroyGraceSeconds"] >= 10, f"{name} would be killed without warning"


def test_every_service_is_waited_for_until_it_is_healthy(run_program):
    engine = run_program()
    for service in SERVICES:
        for inputs in engine.containers(service):
            assert inputs["wait"] is True, service
            assert inputs["healthcheck"]["tests"][:2] == ["CMD", "healthcheck"], service
            assert inputs["healthcheck"]["startPeriod"] == "2m0s", "any other spelling is a change at every refresh"
            assert "startInterval" not in inputs["healthcheck"], "engines before 25 refuse it"


def test_the_images_are_named_by_digest(run_program):
    for name, inputs in run_program().of("Container").items():
        assert inputs["image"].startswith("sha256:"), f"{name}: a tag would hide a new image from the engine"


def test_replicas_roll_and_the_others_own_a_name(run_program):
    engine = run_program()
    for service in ROLLING:
        assert all("name" not in inputs for inputs in engine.containers(service)), "a fixed name cannot be held twice"
    assert {inputs["name"] for service in (*STORES, "edge") for inputs in engine.containers(service)} == {
        "stock-tracker-test-redis", "stock-tracker-test-database", "stock-tracker-test-edge",
    }  # fmt: skip


def test_no_secret_is_anywhere_but_in_a_secret_upload(run_program):
    engine = run_program()
    for found in engine.recorded:
        shown = {key: value for key, value in found.inputs.items() if key != "uploads"}
        for value in SECRETS.values():
            assert value not in json.dumps(shown), f"{found.name} shows a secret outside its files"
        uploads = found.inputs.get("uploads")
        if uploads and any(value in json.dumps(plain(uploads)) for value in SECRETS.values()):
            for upload in plain(uploads):
                assert upload["permissions"] == "0444"
            marked = isinstance(uploads, dict) and SECRET_MARK.items() <= uploads.items()
            assert marked or all(_is_sealed(upload) for upload in uploads), f"{found.name}: a secret would be clear in the state"


def _is_sealed(upload):
    return SECRET_MARK.items() <= upload.items() or SECRET_MARK.items() <= upload["content"].items()


def test_each_container_gets_its_own_secrets_as_files(run_program):
    engine = run_program()
    files = {upload["file"] for inputs in engine.containers("ws") for upload in plain(inputs["uploads"])}
    assert files == {"/run/secrets/redis_password", "/run/secrets/control_key", "/run/secrets/client_key"}
    assert "uploads" not in engine.containers("edge")[0]


def test_networks_have_no_way_out_but_one(run_program):
    networks = run_program().of("Network")
    assert {name.rpartition("-")[2]: inputs["internal"] for name, inputs in networks.items()} == {
        "front": True, "cache": True, "db": True, "outward": False,
    }  # fmt: skip


def test_everything_says_whose_it_is(run_program):
    engine = run_program()
    for kind in ("Container", "Network", "Volume"):
        for name, inputs in engine.of(kind).items():
            labels = {pair["label"]: pair["value"] for pair in inputs["labels"]}
            assert labels["stk.stack"] == "stock-tracker/test", name
            assert labels["stk.owner"] == "checkout-123456", name
            assert name.startswith("stock-tracker-test-"), "two stacks must be able to live on one engine"


def test_everything_is_put_on_the_one_explicit_provider(run_program):
    for found in run_program(dockerHost="unix:///somewhere.sock").recorded:
        if found.kind in ("Container", "Image", "Network", "Volume"):
            assert "::engine::" in found.provider, f"{found.name} would go to another engine than the configured one"


def test_the_release_is_made_of_the_images_and_told_by_each_part(run_program):
    engine = run_program()
    images = engine.outputs["images"]
    assert set(images) == {"redis", "database", "api", "ws", "web", "edge"}
    parts = {part: images[part].removeprefix("sha256:")[:8] for part in ("api", "ws", "web", "edge")}
    assert engine.outputs["release"] == "-".join(parts.values())
    for part in ("api", "ws", "edge"):
        assert all(f"RELEASE={parts[part]}" in inputs["envs"] for inputs in engine.containers(part))
    [upload, *_] = plain(engine.containers("web")[0]["uploads"])
    assert json.loads(upload["content"])["RELEASE"] == parts["web"]


def test_the_outputs_say_where_it_is(run_program):
    engine = run_program(port=9999, bindAddress="0.0.0.0")
    assert engine.outputs["url"] == "http://127.0.0.1:9999"
    assert engine.outputs["wsUrl"] == "ws://127.0.0.1:9999/ws"


def test_a_failed_migration_ends_the_release_before_any_service_is_touched(run_program):
    from infra.targets.docker.database import MigrationFailed

    with pytest.raises(Exception, match="the migration failed") as caught:
        run_program(exit_code=3)
    assert isinstance(caught.value, MigrationFailed) or "MigrationFailed" in repr(caught.value)
    assert "relation quotes is missing" in str(caught.value), "the reader must not have to look for the reason"
