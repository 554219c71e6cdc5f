"""The LanguageRuntime service: one method for each call of the engine.

Reference: the LanguageRuntime service of Pulumi's published protocol, as the SDK wheel carries it. A call that this
host does not do is answered UNIMPLEMENTED with a sentence that says so.
"""

import threading
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from plugins.language_python.environment import BrokenEnvironment, Environment, inspect
from plugins.language_python.install import InstallFailed, install
from plugins.language_python.options import Options, UnsupportedOption, read_options
from plugins.language_python.packages import required_package
from plugins.language_python.run import Program, verdict

NAME = "stock-tracker"


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine at `engine_address`; threads of the gRPC server call it at the same time."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._programs: set[Program] = set()
        self._lock = threading.Lock()
        self._inspect = lru_cache(inspect)

    def stop(self) -> None:
        """End the programs that still run."""
        with self._lock:
            programs = list(self._programs)
        for program in programs:
            program.stop()

    # -- what the engine asks about this host

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._engine_address = request.engine_address or self._engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Version of the SDK whose protocol this host speaks, marked as ours."""
        return plugin_pb2.PluginInfo(version=f"{version('pulumi')}+{NAME}")

    def RuntimeOptionsPrompts(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """`pulumi new` may ask for a toolchain; there is one."""
        if "toolchain" in request.info.options:
            return language_pb2.RuntimeOptionsResponse()
        prompt = language_pb2.RuntimeOptionPrompt
        pip = prompt.RuntimeOptionValue(promptType=prompt.STRING, stringValue="pip", displayName="pip")
        toolchain = prompt(
            key="toolchain", description="The toolchain to use", promptType=prompt.STRING, choices=[pip], default=pip
        )
        return language_pb2.RuntimeOptionsResponse(prompts=[toolchain])

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """A program ends by itself when the engine refuses its next resource, so nothing is cut off here."""
        return Empty()

    # -- what the engine asks about a program

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        environment = self._environment(request.info, context)
        metadata = {"toolchain": "pip", "typechecker": "None", "languageHost": f"{NAME} (plugins/language_python)"}
        if environment.pip:
            metadata["toolchainVersion"] = environment.pip
        return language_pb2.AboutResponse(executable=environment.executable, version=environment.python, metadata=metadata)

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        packages = [required_package(plugin) for plugin in self._environment(request.info, context).plugins]
        return language_pb2.GetRequiredPackagesResponse(packages=[package for package in packages if package])

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """All installed distributions, or only those that no other one asks for."""
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=item.name, version=item.version)
                for item in self._environment(request.info, context).distributions
                if request.transitiveDependencies or not item.required
            ]
        )

    # -- what the engine wants done

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:  # noqa: N802
        info = request.info
        options = _options(info, context)
        try:
            for line in install(options, info.root_directory, info.program_directory):
                yield language_pb2.InstallDependenciesResponse(stdout=line.encode())
        except InstallFailed as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        finally:
            self._inspect.cache_clear()

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        if request.attach_debugger:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "this language host attaches no debugger (--attach-debugger)")
        options = _usable_options(request.info, context)
        program = Program(request, options, self._engine_address)
        with self._lock:
            self._programs.add(program)
        try:
            return language_pb2.RunResponse(**verdict(program.wait()))
        finally:
            with self._lock:
                self._programs.discard(program)

    # -- what this host does not do

    def GetRequiredPlugins(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        _refuse(context, "GetRequiredPlugins is superseded by GetRequiredPackages")

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        _refuse(context, "this language host runs programs, not plugins or policy packs written in Python")

    def Template(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        _refuse(context, "this language host fills in no templates (pulumi new)")

    def GenerateProgram(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        _refuse(context, "this language host converts no programs to Python (pulumi convert)")

    def GenerateProject(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        _refuse(context, "this language host converts no projects to Python (pulumi convert)")

    def GeneratePackage(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        _refuse(context, "this language host generates no SDKs (pulumi package gen-sdk)")

    def Pack(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        _refuse(context, "this language host packs no SDKs (pulumi package pack-sdk)")

    def Link(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        _refuse(context, "this language host links no local SDKs (pulumi package add)")

    def _environment(self, info: Any, context: grpc.ServicerContext) -> Environment:
        options = _usable_options(info, context)
        try:
            return self._inspect(options.python, info.program_directory)
        except BrokenEnvironment as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
            raise  # abort raises; this is for the type checker


def _options(info: Any, context: grpc.ServicerContext) -> Options:
    try:
        return read_options(MessageToDict(info.options), info.root_directory)
    except UnsupportedOption as error:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        raise  # abort raises; this is for the type checker


def _usable_options(info: Any, context: grpc.ServicerContext) -> Options:
    options = _options(info, context)
    if not options.exists:
        context.abort(
            grpc.StatusCode.FAILED_PRECONDITION,
            f"the virtual environment named in Pulumi.yaml is not there: {options.virtualenv}. Make it: pulumi install",
        )
    return options


def _refuse(context: grpc.ServicerContext, sentence: str) -> None:
    context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{sentence}; the official one does")
