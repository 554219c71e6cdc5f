"""The LanguageRuntime service: one method for each call of the engine.

Reference: the LanguageRuntime service of Pulumi's published protocol, as the SDK wheel carries it. A call that this
host does not do is answered UNIMPLEMENTED with a sentence that says so.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
TOLD: dict[type[Exception], grpc.StatusCode] = {
    UnsupportedOption: grpc.StatusCode.INVALID_ARGUMENT,
    BrokenEnvironment: grpc.StatusCode.FAILED_PRECONDITION,
    InstallFailed: grpc.StatusCode.FAILED_PRECONDITION,
}


@contextmanager
def telling(context: grpc.ServicerContext) -> Iterator[None]:
    """Answer the call with the sentence of an exception that is meant for the user."""
    try:
        yield
    except tuple(TOLD) as error:
        context.abort(TOLD[type(error)], str(error))


def refusal(sentence: str) -> Any:
    """A method for a call that this host does not do."""

    def refuse(_host: Any, _request: Any, context: grpc.ServicerContext) -> None:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{sentence}; the official one does")

    return refuse


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

    def Template(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """`pulumi new` has filled in the project: with pip, nothing is left to do."""
        return language_pb2.TemplateResponse()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Interrupt the programs, as Ctrl-C would: the engine starts nothing new for them."""
        with self._lock:
            for program in self._programs:
                program.interrupt()
        return Empty()

    # -- what the engine asks about a program

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with telling(context):
            environment = self._environment(request.info)
        metadata = {"toolchain": "pip", "typechecker": "None", "languageHost": f"{NAME} (plugins/language_python)"}
        if environment.pip:
            metadata["toolchainVersion"] = environment.pip
        return language_pb2.AboutResponse(executable=environment.executable, version=environment.python, metadata=metadata)

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        with telling(context):
            packages = [required_package(plugin) for plugin in self._environment(request.info).plugins]
        return language_pb2.GetRequiredPackagesResponse(packages=[package for package in packages if package])

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """All installed distributions, or only those that no other one asks for."""
        with telling(context):
            distributions = self._environment(request.info).distributions
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=item.name, version=item.version)
                for item in distributions
                if request.transitiveDependencies or not item.required
            ]
        )

    # -- what the engine wants done

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:  # noqa: N802
        info = request.info
        try:
            with telling(context):
                for line in install(_options(info), info.root_directory, info.program_directory):
                    yield language_pb2.InstallDependenciesResponse(stdout=line.encode())
        finally:
            self._inspect.cache_clear()

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        if request.attach_debugger:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "this language host attaches no debugger (--attach-debugger)")
        with telling(context):
            options = _usable_options(request.info)
        program = Program(request, options, self._engine_address)
        with self._lock:
            self._programs.add(program)
        try:
            return language_pb2.RunResponse(**verdict(program.wait()))
        finally:
            with self._lock:
                self._programs.discard(program)

    # -- what this host does not do

    GetRequiredPlugins = refusal("GetRequiredPlugins is superseded by GetRequiredPackages")
    RunPlugin = refusal("this language host runs programs, not plugins or policy packs written in Python")
    GenerateProgram = refusal("this language host converts no programs to Python (pulumi convert)")
    GenerateProject = refusal("this language host converts no projects to Python (pulumi convert)")
    GeneratePackage = refusal("this language host generates no SDKs (pulumi package gen-sdk)")
    Pack = refusal("this language host packs no SDKs (pulumi package pack-sdk)")
    Link = refusal("this language host links no local SDKs (pulumi package add)")

    def _environment(self, info: Any) -> Environment:
        return self._inspect(_usable_options(info).python, info.program_directory)


def _options(info: Any) -> Options:
    return read_options(MessageToDict(info.options), info.root_directory)


def _usable_options(info: Any) -> Options:
    options = _options(info)
    if not options.exists:
        raise BrokenEnvironment(
            f"the virtual environment named in Pulumi.yaml is not there: {options.virtualenv}. Make it: pulumi install"
        )
    return options
