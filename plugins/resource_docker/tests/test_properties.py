"""Property values survive the wire: secrets open, unknowns stay unknown, numbers keep their kind."""

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from plugins.resource_docker.properties import UNKNOWN, UNKNOWN_TEXT, Secret, contains_unknown, from_struct, to_struct

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": {"a": ["x"]}}
ASSET = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "path": "x"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(min_size=1, max_size=5), VALUES, max_size=4))
def test_what_is_sent_is_what_comes_back(properties):
    assert from_struct(to_struct(properties)) == properties, "a property changed on its way through protobuf"


def test_whole_numbers_are_integers_although_the_wire_has_doubles_only():
    value = from_struct(to_struct({"port": 8080}))["port"]
    assert isinstance(value, int), "a port of 8080.0 would be a change of every container"


def test_secrets_are_opened_wherever_they_are():
    assert from_struct(to_struct({"envs": [SECRET]})) == {"envs": [{"a": ["x"]}]}, "Docker needs the value itself"


def test_a_secret_answer_carries_the_signature_that_makes_the_engine_encrypt_it():
    assert to_struct({"__inputs": Secret({"a": ["x"]})}) == to_struct({"__inputs": SECRET}), "it would be stored in clear"


def test_unknown_values_are_recognized_and_written_again():
    message = struct_pb2.Struct()
    message.update({"image": UNKNOWN_TEXT})
    assert from_struct(message)["image"] is UNKNOWN, "a preview would pull an image named like a UUID"
    assert to_struct({"image": UNKNOWN}) == message, "the engine would take the text for a value"


def test_unknowns_are_found_at_any_depth():
    assert contains_unknown({"networks": [{"name": UNKNOWN}]}), "a half-known set must be planned as unknown"
    assert not contains_unknown({"networks": [{"name": "n"}]}), "a known set must be planned as it is"


def test_an_asset_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="assets"):
        from_struct(to_struct({"content": ASSET}))
