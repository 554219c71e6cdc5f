"""The package schema (GetSchema): what `pulumi package` and editors ask for. Names and shapes, no descriptions."""

from __future__ import annotations

import json


def package_schema(version: str) -> str:
    return json.dumps({"name": "docker", "version": version, "resources": {}})
