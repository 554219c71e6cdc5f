"""The package schema (GetSchema), made from the property tables: what `pulumi import` and `pulumi package` ask for.

Names and shapes are the official package's, for the resource types this plugin has; descriptions are left out.
"""

from __future__ import annotations

import json
from typing import Any

from .image import FIELDS as IMAGE_FIELDS
from .image import OUTPUTS as IMAGE_OUTPUTS
from .schema import Field, Fields, Kind
from .table_resource import TableResource
from .types import load_types

Schema = dict[str, Any]
_SCALAR_TYPES = {Kind.STRING: "string", Kind.INT: "integer", Kind.BOOL: "boolean"}
_OWN_TYPE_NAMES = {"ImageBuild": "dockerBuild:DockerBuild", "ImageRegistry": "registry:Registry"}
_OWN_TYPE_NAMES |= {"ImageBuildCacheFrom": "cacheFrom:CacheFrom"}


def package_schema(version: str) -> str:
    types: Schema = {}
    resources = {token: _resource(token, resource, types) for token, resource in load_types().items()}
    return json.dumps(
        {
            "name": "docker",
            "version": version,
            "description": "Docker resources, by the plugin of this checkout (not Pulumi's own)",
            "meta": {"moduleFormat": "(.*)(?:/[^/]*)"},
            "language": {"python": {"respectSchemaVersion": True}},
            "config": {},
            "types": types,
            "resources": resources,
            "functions": {},
        }
    )


def _resource(token: str, resource: Any, types: Schema) -> Schema:
    name = token.split(":")[-1]
    if isinstance(resource, TableResource):
        inputs = {key: known for key, known in resource.fields.items() if not known.output}
        outputs: Fields = resource.fields
    else:
        inputs, outputs = dict(IMAGE_FIELDS), IMAGE_OUTPUTS
    return {
        "inputProperties": _properties(inputs, name, types, inputs_only=True),
        "requiredInputs": sorted(key for key, known in inputs.items() if known.required and key != "name"),
        "properties": _properties(outputs, name, types, inputs_only=False),
        "required": sorted(key for key, known in outputs.items() if known.required or known.output),
    }


def _properties(fields: Fields, prefix: str, types: Schema, *, inputs_only: bool) -> Schema:
    result = {}
    for key, known in sorted(fields.items()):
        if known.refused:
            continue
        result[key] = _type_of(key, known, prefix, types, inputs_only=inputs_only)
        if known.replaces and inputs_only:
            result[key]["willReplaceOnChanges"] = True
    return result


def _type_of(key: str, known: Field, prefix: str, types: Schema, *, inputs_only: bool) -> Schema:
    if known.is_scalar:
        return {"type": _SCALAR_TYPES[known.kind]}
    if known.kind is Kind.MAP:
        return {"type": "object", "additionalProperties": {"type": "string"}}
    if known.fields is None:
        return {"type": "array", "items": {"type": "string"}}
    name = prefix + key[0].upper() + (key[1:] if known.single else key[1:].removesuffix("s"))
    module = _OWN_TYPE_NAMES.get(name, f"{name}:{name}")
    types[f"docker:index/{module}"] = {
        "type": "object",
        "properties": _properties(known.fields, name, types, inputs_only=inputs_only),
        "required": sorted(part for part, inner in known.fields.items() if inner.required),
    }
    reference = {"$ref": f"#/types/docker:index/{module}"}
    return reference if known.single else {"type": "array", "items": reference}
