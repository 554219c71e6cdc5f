"""The gRPC service that Pulumi's engine talks to: requests in, one resource type's work, answers and errors out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from . import autonames, functions, provider_config
from .engine import Engine
from .engine_log import EngineLog
from .errors import DockerError, HalfMadeError, RefusedError
from .properties import from_struct, to_struct
from .resource_type import OPERATION_SECONDS, Context, Difference, ResourceType
from .types import load_types, resource_type

VERSION = "5.1.0"
_KINDS = {
    ("add", False): "ADD",
    ("add", True): "ADD_REPLACE",
    ("delete", False): "DELETE",
    ("delete", True): "DELETE_REPLACE",
    ("update", False): "UPDATE",
    ("update", True): "UPDATE_REPLACE",
}


class ResourceProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Pulumi's ResourceProvider for `docker`. Requests may come in parallel."""

    def __init__(self, log: EngineLog) -> None:
        self._log = log
        self._engine = Engine()
        self._prepared: Engine | None = None  # connected at CheckConfig, for Configure

    # The plugin itself.

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802
        if request.engine_address:
            self._log.attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(supports_autonaming_configuration=True)

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._log.attach(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802
        from .package_schema import package_schema

        return provider_pb2.GetSchemaResponse(schema=package_schema(VERSION))

    def GetMapping(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.GetMappingResponse()

    def GetMappings(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.GetMappingsResponse()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Nothing is cut short: a container that is being waited for is either kept as it gets, or fails as it would."""
        return empty_pb2.Empty()

    # The provider's configuration.

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        news = from_struct(request.news)
        failures = provider_config.failures(news)
        if not failures:
            self._prepare(provider_config.settings(news, {}))
        return _checked(provider_config.kept(news), failures)

    def _prepare(self, settings: dict[str, Any]) -> None:
        """Load and connect while the engine waits anyway: it goes on beside Configure, which must therefore answer at once."""
        load_types()
        engine = Engine(settings)
        if provider_config.checks_engine(engine.settings):
            with suppress(DockerError):  # Configure tells it
                engine.ping()
                self._prepared = engine

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        changed = provider_config.changed(from_struct(request.old_inputs), from_struct(request.news))
        if not changed:
            return provider_pb2.DiffResponse()
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME,
            diffs=sorted(changed),
            detailedDiff={
                key: provider_pb2.PropertyDiff(kind=_kind(kind, replaces=False), inputDiff=True) for key, kind in changed.items()
            },
        )

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        with _answering(context, "configuring the docker provider"):
            engine = Engine(provider_config.settings(from_struct(request.args), dict(request.variables)))
            if self._prepared and self._prepared.settings == engine.settings:
                engine = self._prepared
            elif provider_config.checks_engine(engine.settings):
                engine.ping()
            self._engine.close()
            self._engine, self._prepared = engine, None
            load_types()
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    # Resources.

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        with _answering(context, f"checking {request.urn}"):
            inputs, failures = self._type(request).check(
                self._context(request), from_struct(request.news), from_struct(request.olds), _autoname(request)
            )
        return _checked(inputs, failures)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        with _answering(context, f"diffing {request.urn}"):
            difference = self._type(request).diff(from_struct(request.olds), from_struct(request.news), request.ignoreChanges)
        return _diff_response(difference)

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        with _answering(context, f"creating {request.urn}"):
            made = self._type(request).create(self._context(request), from_struct(request.properties), preview=request.preview)
        return provider_pb2.CreateResponse(id=made.id, properties=to_struct(made.outputs))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        with _answering(context, f"reading {request.urn}"):
            found = self._type(request).read(
                self._context(request), request.id, from_struct(request.properties), from_struct(request.inputs)
            )
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=found.id, properties=to_struct(found.outputs), inputs=to_struct(found.inputs))

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        with _answering(context, f"updating {request.urn}"):
            outputs = self._type(request).update(
                self._context(request),
                request.id,
                from_struct(request.olds),
                from_struct(request.news),
                request.ignoreChanges,
                preview=request.preview,
            )
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        with _answering(context, f"deleting {request.urn}"):
            self._type(request).delete(self._context(request), request.id, from_struct(request.properties))
        return empty_pb2.Empty()

    # Functions and what this provider has nothing for.

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        with _answering(context, f"invoking {request.tok}"):
            answer = functions.invoke(Context(self._engine, self._log), request.tok, from_struct(request.args))
        return provider_pb2.InvokeResponse(**{"return": to_struct(answer)})

    def Call(self, request: Any, context: Any) -> Any:  # noqa: N802
        return _refuse(context, f"the docker provider has no methods ({request.tok})")

    def Construct(self, request: Any, context: Any) -> Any:  # noqa: N802
        return _refuse(context, f"the docker provider has no components ({request.type})")

    def _context(self, request: Any) -> Context:
        seconds = getattr(request, "timeout", 0) or OPERATION_SECONDS
        return Context(self._engine, self._log, request.urn, time.monotonic() + seconds)

    @staticmethod
    def _type(request: Any) -> ResourceType:
        return resource_type(request.type or type_in(request.urn))


def type_in(urn: str) -> str:
    """The resource's own type from `urn:pulumi:<stack>::<project>::<parent types joined by $>$<type>::<name>`."""
    parts = urn.split("::")
    return parts[2].split("$")[-1] if len(parts) > 2 else ""


def _autoname(request: Any) -> Callable[[], str]:
    """How a name is made where the program gives none; the project's `pulumi:autonaming` has the first word."""

    def make() -> str:
        if request.HasField("autonaming"):
            if request.autonaming.mode == autonames.DISABLE:
                raise DockerError("automatic naming is switched off (pulumi:autonaming), and the program gives no name")
            if request.autonaming.proposed_name:
                return str(request.autonaming.proposed_name)
        return autonames.autoname(request.name or request.urn.split("::")[-1], request.randomSeed)

    return make


def _checked(inputs: dict[str, Any], failures: list[tuple[str, str]]) -> Any:
    return provider_pb2.CheckResponse(
        inputs=to_struct(inputs),
        failures=[provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in failures],
    )


def _kind(kind: str, *, replaces: bool) -> Any:
    return getattr(provider_pb2.PropertyDiff, _KINDS[kind, replaces])


def _diff_response(difference: Difference) -> Any:
    some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
    roots = {path: path.partition("[")[0].partition(".")[0] for path in difference.changes}
    return provider_pb2.DiffResponse(
        changes=some if difference.changed else none,
        replaces=sorted(roots[path] for path, (_, replaces) in difference.changes.items() if replaces),
        stables=sorted(difference.stable),
        diffs=sorted(set(roots.values())) if difference.stable else [],
        deleteBeforeReplace=difference.delete_before_replace,
        detailedDiff={
            path: provider_pb2.PropertyDiff(kind=_kind(kind, replaces=replaces))
            for path, (kind, replaces) in difference.changes.items()
        },
        hasDetailedDiff=difference.detailed,
    )


@contextmanager
def _answering(context: Any, doing: str) -> Iterator[None]:
    """Turn this plugin's failures into gRPC errors that the engine understands."""
    try:
        yield
    except HalfMadeError as error:
        _abort_half_made(context, error)
    except RefusedError as error:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
    except DockerError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        context.abort(grpc.StatusCode.INTERNAL, f"{doing}: {type(error).__name__}: {error}")


def _abort_half_made(context: Any, error: HalfMadeError) -> NoReturn:
    detail = any_pb2.Any()
    detail.Pack(provider_pb2.ErrorResourceInitFailed(id=error.id, properties=to_struct(error.outputs), reasons=[str(error)]))
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))
    raise AssertionError("abort raises")


def _refuse(context: Any, reason: str) -> Any:
    return context.abort(grpc.StatusCode.UNIMPLEMENTED, reason)
