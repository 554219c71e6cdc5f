import base64

from plugins.language_python.packages import required_package


def test_a_provider_package_needs_its_plugin_in_the_same_version():
    package = required_package({"resource": True, "name": "docker", "version": "5.1.0"})
    assert package
    assert (package.name, package.kind, package.version) == ("docker", "resource", "v5.1.0")
    assert not package.HasField("parameterization"), "an empty one would make the engine look for another package"


def test_a_package_without_a_plugin_is_left_out():
    assert required_package({"resource": False, "name": "helpers"}) is None


def test_server_and_parameterization_reach_the_engine():
    package = required_package(
        {
            "resource": True,
            "name": "terraform-provider",
            "version": "v1.0.2",
            "server": "https://example.invalid",
            "parameterization": {
                "name": "railway",
                "version": "0.6.2",
                "value": base64.b64encode(b"\x00{}").decode(),
            },
        }
    )
    assert package
    assert package.server == "https://example.invalid"
    assert package.version == "v1.0.2", "a version that is tagged already must not get a second v"
    assert package.parameterization.value == b"\x00{}", "the value is bytes, base64 only in the file"
