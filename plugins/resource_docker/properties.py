"""Pulumi property values as they travel (protobuf Struct) and as the rest of this plugin sees them.

Inside the plugin a value is None, bool, int, float, str, list, dict, `UNKNOWN` or `Secret`. Everything else about the
wire (signature keys, the text that stands for an unknown, numbers that are always doubles) stays in this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
# The engine writes one of these for a value that is not known yet; which one tells its type, which we do not need.
UNKNOWN_TEXTS: Final = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
DEFAULTS_KEY: Final = "__defaults"


class Unknown:
    """The type of `UNKNOWN`: a value the engine learns only when the resource it comes from is made."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the engine must encrypt in the state and hide in every text."""

    value: Any


def from_struct(message: struct_pb2.Struct) -> dict[str, Any]:
    """A Struct as a dict; secrets and outputs are opened, since the engine that hides them marks our answers again."""
    return {key: from_value(value) for key, value in message.fields.items()}


def from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in UNKNOWN_TEXTS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [from_value(element) for element in value.list_value.values]
    if kind == "struct_value":
        return _from_object(value.struct_value)
    return None


def _from_object(message: struct_pb2.Struct) -> Any:
    signature = message.fields[SIGNATURE].string_value if SIGNATURE in message.fields else ""
    if signature == SECRET_SIGNATURE:
        return from_value(message.fields["value"])
    if signature == OUTPUT_SIGNATURE:
        return from_value(message.fields["value"]) if "value" in message.fields else UNKNOWN
    if signature:
        raise ValueError("assets, archives and resource references are no input of any docker resource")
    return from_struct(message)


def to_struct(properties: dict[str, Any]) -> struct_pb2.Struct:
    return struct_pb2.Struct(fields={key: to_value(value) for key, value in properties.items()})


def to_value(value: Any) -> struct_pb2.Value:
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=UNKNOWN_TEXT)
    if isinstance(value, Secret):
        return to_value({SIGNATURE: SECRET_SIGNATURE, "value": value.value})
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, list | tuple):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[to_value(element) for element in value]))
    return struct_pb2.Value(struct_value=to_struct(value))


def contains_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(contains_unknown(element) for element in value.values())
    if isinstance(value, list):
        return any(contains_unknown(element) for element in value)
    return value is UNKNOWN


def without_unknowns(value: Any) -> Any:
    """The value with null for everything in it that is not known."""
    if isinstance(value, dict):
        return {key: without_unknowns(element) for key, element in value.items()}
    if isinstance(value, list):
        return [without_unknowns(element) for element in value]
    return None if value is UNKNOWN else value


def without_nulls(properties: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if value is not None}
