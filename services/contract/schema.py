"""Prints the JSON Schema of the message catalogue: `python -m services.contract.schema`. The page's types come from it."""

import json
from typing import Any

from pydantic import TypeAdapter

from services.contract.messages import PROTOCOL_VERSION, ClientMessage, Control, Demand, Heartbeat, ServerMessage


def catalogue() -> dict[str, Any]:
    """One schema document with `ServerMessage`, `ClientMessage`, `Control`, `Demand` and what they use in `$defs`."""
    parts: list[tuple[str, TypeAdapter[Any]]] = [
        ("ServerMessage", TypeAdapter(ServerMessage)),
        ("ClientMessage", TypeAdapter(ClientMessage)),
        ("Control", TypeAdapter(Control)),
        ("Demand", TypeAdapter(Demand)),
        ("Heartbeat", TypeAdapter(Heartbeat)),
    ]
    definitions: dict[str, Any] = {}
    for name, adapter in parts:
        schema = adapter.json_schema(mode="serialization" if name == "ServerMessage" else "validation")
        definitions.update(schema.pop("$defs", {}))
        definitions[name] = schema
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stock Tracker messages",
        "version": PROTOCOL_VERSION,
        "$defs": dict(sorted(definitions.items())),
    }


if __name__ == "__main__":
    print(json.dumps(catalogue(), indent=2, ensure_ascii=False))
