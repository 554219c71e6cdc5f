"""The meters of a run, in one Locust process or in many: passes the conductor's word on and brings the readings together."""

import time
from typing import Any

from gevent.event import Event
from locust.runners import STATE_MISSING, MasterRunner, WorkerRunner

from loadtests.inside import Inside
from loadtests.measures import StageResult
from loadtests.meter import Meter
from loadtests.profiles import Stage
from loadtests.reading import Reading, total
from services.contract.objectives import Load

MESSAGE = "stage"
WORKERS_LINGER_SECONDS = 7.0
"""Workers report every 3 s: two reports, then all of it is here."""
LINGER_SECONDS = 1.0


class LocustOrchestra:
    """One per process; only the one that leads (single process or master) is conducted."""

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._runner = environment.runner
        self.results: list[StageResult] = []
        self._opened_at = 0.0
        self._told: dict[str, dict[str, Any]] = {}
        self._inside = Inside(environment.access, environment.asked)
        self._is_master = isinstance(self._runner, MasterRunner)
        if not self._is_master:
            environment.meter = Meter(environment)
            self._runner.register_message(MESSAGE, self._obey)
        if isinstance(self._runner, WorkerRunner):
            environment.events.report_to_master.add_listener(self._report)
        if self._is_master:
            environment.events.worker_report.add_listener(self._hear)

    @property
    def leads(self) -> bool:
        """Whether this process conducts and judges."""
        return not isinstance(self._runner, WorkerRunner)

    @property
    def is_seated(self) -> bool:
        """A worker reports as ready before it has asked the platform anything; only a set-up one reports readings."""
        if not self._is_master:
            return True
        return self._told.keys() >= {node.id for node in self._runner.clients.values() if node.state != STATE_MISSING}

    @property
    def linger_seconds(self) -> float:
        """How long after the window's end the last readings may take."""
        return WORKERS_LINGER_SECONDS if self._is_master else LINGER_SECONDS

    def begin(self, stage: Stage) -> None:
        """Every meter forgets; every process learns the stage's load."""
        self._told.clear()
        self._inside.begin(stage)
        self._runner.send_message(MESSAGE, {"event": "begin", "load": stage.load.model_dump()})

    def open_window(self) -> None:
        """To every process."""
        self._opened_at = time.time()
        self._runner.send_message(MESSAGE, {"event": "open"})

    def close_window(self) -> None:
        """To every process."""
        self._runner.send_message(MESSAGE, {"event": "close"})

    def collect(self, stage: Stage, seconds: float) -> None:
        """Add up what the processes measured."""
        readings = [Reading.from_data(data) for data in self._told.values()] if self._is_master else [self._own()]
        counted = self._inside.end(stage)
        self.results.append(StageResult(stage, total(readings), seconds, self._opened_at, counted.values, counted.why_not))

    def _own(self) -> Reading:
        meter: Meter = self._environment.meter
        return meter.reading()

    def _obey(self, environment: Any, msg: Any, **_: Any) -> None:
        meter: Meter = environment.meter
        if msg.data["event"] == "begin":
            environment.load = Load.model_validate(msg.data["load"])
            environment.opening = Event()
            meter.begin_stage()
        elif msg.data["event"] == "open":
            meter.open_window()
            environment.opening.set()
        else:
            meter.close_window()

    def _report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        data["reading"] = self._own().as_data()

    def _hear(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        if "reading" in data:
            self._told[client_id] = data["reading"]
