"""Networks, volumes and images on a real engine: made, read, found again, removed; and what failures leave behind."""

import time
from contextlib import suppress

import pytest

from plugins.resource_docker import images
from plugins.resource_docker.engine import Engine
from plugins.resource_docker.errors import DockerError
from plugins.resource_docker.functions import invoke
from plugins.resource_docker.image import Image
from plugins.resource_docker.network import Network
from plugins.resource_docker.properties import Secret
from plugins.resource_docker.remote_image import RemoteImage
from plugins.resource_docker.volume import Volume

pytestmark = pytest.mark.engine


def test_a_volume_is_made_read_and_removed(context, made, name):
    volume = made(Volume(), {"name": name, "labels": [{"label": "a", "value": "1"}]})
    assert volume.outputs["mountpoint"].endswith(f"/{name}/_data"), volume.outputs
    found = Volume().read(context, volume.id, volume.outputs, {"name": name})
    assert found is not None
    assert found.outputs["labels"] == [{"label": "a", "value": "1"}], "a refresh must find what was made"
    assert Volume().diff(found.outputs, {"name": name, "labels": [{"label": "a", "value": "1"}]}).changed is False, (
        "and no change"
    )
    Volume().delete(context, volume.id, volume.outputs)
    assert Volume().read(context, volume.id, volume.outputs, {}) is None, "it is gone"
    Volume().delete(context, volume.id, volume.outputs)  # a second time: no error


def test_a_volume_in_use_is_told_with_who_holds_it(context, made, container, name, monkeypatch):
    monkeypatch.setattr("plugins.resource_docker.removal.PATIENCE_SECONDS", 1.0)
    volume = made(Volume(), {"name": name})
    container(mounts=[{"type": "volume", "source": name, "target": "/v"}])
    with pytest.raises(DockerError, match=f"still in use.*--filter volume={name}"):
        Volume().delete(context, volume.id, volume.outputs)


def test_a_network_is_made_read_and_removed(context, made, name):
    network = made(Network(), {"name": name, "internal": True, "ipamDriver": "default"})
    assert network.outputs["internal"] is True, network.outputs
    assert network.outputs["ipamConfigs"][0]["subnet"], "Docker chooses a subnet, and the state tells it"
    found = Network().read(context, network.id, network.outputs, {"name": name, "internal": True, "ipamDriver": "default"})
    assert found is not None
    assert not Network().diff(found.outputs, {"name": name, "internal": True, "ipamDriver": "default"}).changed, "a quiet refresh"
    asked = invoke(context, "docker:index/getNetwork:getNetwork", {"name": name})
    assert (asked["id"], asked["containers"]) == (network.id, []), asked
    Network().delete(context, network.id, network.outputs)
    assert Network().read(context, network.id, network.outputs, {}) is None, "it is gone"
    with pytest.raises(DockerError, match="there is no docker network"):
        invoke(context, "docker:index/getNetwork:getNetwork", {"name": name})


def test_a_network_with_containers_is_told_so(context, made, container, name, monkeypatch):
    monkeypatch.setattr("plugins.resource_docker.removal.PATIENCE_SECONDS", 1.0)
    network = made(Network(), {"name": name, "ipamDriver": "default"})
    container(networksAdvanced=[{"name": name}])
    with pytest.raises(DockerError, match=f"docker network inspect {name}"):
        Network().delete(context, network.id, network.outputs)


def test_an_impossible_network_leaves_nothing(context, name):
    inputs = {"name": name, "ipamDriver": "default", "ipamConfigs": [{"subnet": "10.0.0.0/33"}]}
    with pytest.raises(DockerError, match=f"network {name} could not be made"):
        Network().create(context, inputs, preview=False)
    with pytest.raises(DockerError, match="there is no docker network"):
        invoke(context, "docker:index/getNetwork:getNetwork", {"name": name})


@pytest.fixture
def folder(tmp_path, base_image):
    (tmp_path / "Dockerfile").write_text(f"FROM {base_image}\nARG WORD\nCOPY . /app\nRUN echo built with $WORD\n")
    (tmp_path / ".dockerignore").write_text("secret.txt\n")
    (tmp_path / "secret.txt").write_text("not in the image")
    (tmp_path / "main.txt").write_text("hello")
    return tmp_path


@pytest.fixture
def image_inputs(folder, name, context):
    news = {
        "imageName": f"{name}:v1",
        "skipPush": True,
        "build": {"context": str(folder), "dockerfile": str(folder / "Dockerfile"), "args": {"WORD": "care"}},
    }
    inputs, failures = Image().check(context, news, {}, str)
    assert not failures, failures
    yield inputs
    with suppress(DockerError):  # not every test gets as far as an image
        context.engine.json("DELETE", f"/images/{name}:v1", params={"force": "1"})


@pytest.mark.parametrize("builder", ["BuilderBuildKit", "BuilderV1"])
def test_an_image_is_built_by_either_builder_with_its_lines_logged(context, lines, image_inputs, container, builder):
    image_inputs["build"]["builderVersion"] = builder
    image = Image().create(context, image_inputs, preview=False)
    assert image.outputs["repoDigest"].startswith("sha256:"), "containers refer to the image by its id"
    assert isinstance(image.outputs["__inputs"], Secret), "build arguments may be secrets"
    assert "built with care" in "\n".join(lines), "the build's output is what a person watches"
    made = container(image=image.outputs["repoDigest"], attach=True, logs=True, mustRun=False, command=["ls", "/app"])
    assert made.outputs["containerLogs"].split() == ["Dockerfile", "main.txt"], "ignored files must not be in the image"


def test_a_changed_file_is_a_change_and_an_unchanged_folder_is_none(context, image_inputs, folder):
    def check():
        news = {**image_inputs, "build": {key: value for key, value in image_inputs["build"].items() if key != "contextDigest"}}
        return Image().check(context, news, {}, str)[0]

    image = Image().create(context, image_inputs, preview=False)
    state = {**image.outputs, "__inputs": image.outputs["__inputs"].value}
    assert not Image().diff(state, check()).changed, "each run would build again"
    (folder / "secret.txt").write_text("still not in the image")
    assert not Image().diff(state, check()).changed, "an ignored file is no change"
    (folder / "main.txt").write_text("hello again")
    assert Image().diff(state, check()).changes == {"build": ("update", False)}, "new code must reach the image"


def test_a_failing_build_tells_the_step_and_its_output(context, image_inputs, folder):
    Image().create(context, image_inputs, preview=False)
    (folder / "Dockerfile").write_text((folder / "Dockerfile").read_text() + "RUN echo 'no such pony' >&2; exit 3\n")
    with pytest.raises(DockerError) as caught:
        Image().create(context, image_inputs, preview=False)
    assert "could not be built" in str(caught.value), caught.value
    assert "no such pony" in str(caught.value), "the reason is in the build's output"


def test_a_preview_builds_only_where_it_is_told_to(context, image_inputs, name):
    assert Image().create(context, image_inputs, preview=True).outputs == image_inputs, "the digest is not known yet"
    assert images.find(context, f"{name}:v1") is None, "a preview changes nothing"
    built = Image().create(context, {**image_inputs, "buildOnPreview": True}, preview=True)
    assert built.outputs["repoDigest"].startswith("sha256:"), "the program wants to see what depends on the image"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"build": {"context": "nowhere"}}, "no Dockerfile at 'nowhere/Dockerfile'"),
        ({"skipPush": False}, "registry in its name"),
        ({"imageName": None}, "required"),
        ({"build": {"builderVersion": "Builder3"}}, "BuilderV1"),
        ({"build": {"colour": "red"}}, "colour"),
    ],
)
def test_a_wrong_image_is_told_before_anything_is_built(context, folder, change, said):
    news = {"imageName": "x:v1", "skipPush": True, "build": {"context": str(folder)}} | change
    _, failures = Image().check(context, news, {}, str)
    assert said in " ".join(reason for _, reason in failures), failures


def test_a_local_image_is_found_and_kept(context, base_image):
    image = RemoteImage().create(context, {"name": base_image, "keepLocally": True}, preview=False)
    assert image.id == image.outputs["imageId"] + base_image, image.id
    RemoteImage().delete(context, image.id, image.outputs)
    found = RemoteImage().read(context, image.id, image.outputs, {"name": base_image, "keepLocally": True})
    assert found is not None
    assert found.outputs["imageId"] == image.outputs["imageId"], "keepLocally keeps it"


def test_an_image_that_nobody_has_is_one_clear_sentence(context):
    with pytest.raises(DockerError, match=r"image localhost:1/none:x is not in this engine and could not be pulled"):
        RemoteImage().create(context, {"name": "localhost:1/none:x"}, preview=False)


def test_an_engine_that_does_not_answer_is_told_quickly():
    started = time.monotonic()
    with pytest.raises(DockerError, match=r"no Docker engine answers at tcp://127\.0\.0\.1:1 "):
        Engine({"host": "tcp://127.0.0.1:1"}).ping()
    assert time.monotonic() - started < 10, "a person waits for this"
