"""A run goes through its stages in order, holds for the promised time, and ends."""

import pytest

from loadtests.conductor import RAMP_PATIENCE_SECONDS, Conductor
from loadtests.profiles import ProfileError, stages
from services.contract.objectives import load_objectives

LOADS = load_objectives().load


class Recorder:
    def __init__(self, unseated_looks=0):
        self.told = []
        self.unseated_looks = unseated_looks

    @property
    def is_seated(self):
        self.unseated_looks -= 1
        return self.unseated_looks < 0

    def begin(self, stage):
        self.told.append(f"begin {stage.name}")

    def open_window(self):
        self.told.append("open")

    def close_window(self):
        self.told.append("close")

    def collect(self, stage, seconds):
        self.told.append(f"collect {stage.name} {seconds:g}")


def run(chosen, *, count_of=lambda wanted: wanted, ticks=2000, unseated_looks=0):
    now, wanted, users = [0.0], [], 0
    recorder = Recorder(unseated_looks)
    conductor = Conductor(chosen, recorder, 1.0, lambda: now[0])
    for _ in range(ticks):
        step = conductor.tick(users)
        if step is None:
            break
        wanted.append(step)
        users = count_of(step[0])
        now[0] += 1
    return recorder.told, wanted, conductor, now[0]


def test_the_default_profile_is_the_two_promises_one_after_the_other():
    told, wanted, conductor, _ = run(stages("promises", LOADS))
    assert told == [
        "begin api100", "open", "close", "collect api100 60",
        "begin ws1000", "open", "close", "collect ws1000 180",
    ]  # fmt: skip
    assert conductor.is_done
    kinds = [(users, kind) for users, _, kind in wanted]
    assert kinds.index((0, "caller")) < kinds.index((1000, "viewer")), "callers must be gone before the sockets come"


def test_nobody_gets_users_before_every_process_is_set_up():
    told, wanted, conductor, _ = run(stages("ws1000", LOADS, hold_seconds=5), unseated_looks=3)
    assert [users for users, _, _ in wanted][:4] == [0, 0, 0, 1000]
    assert told == ["begin ws1000", "open", "close", "collect ws1000 5"]
    assert conductor.is_done


def test_users_that_never_come_do_not_hold_the_run_forever():
    told, _, conductor, took = run(stages("ws1000", LOADS, hold_seconds=5), count_of=lambda wanted: min(wanted, 3))
    assert conductor.is_done
    assert told[-1] == "collect ws1000 5"
    assert took < 10 + RAMP_PATIENCE_SECONDS + 60


def test_a_lighter_run_knows_that_it_is_lighter():
    (light,), (full,) = stages("ws1000", LOADS, users=10), stages("ws1000", LOADS)
    assert light.is_lighter
    assert not full.is_lighter
    assert all(stage.is_lighter for stage in stages("short", LOADS))


@pytest.mark.parametrize(
    ("words", "told"), [(("nothing",), "ws1000"), (("ws1000", 0), "above 0"), (("ws1000", None, -1), "above 0")]
)
def test_a_wrong_profile_is_one_error(words, told):
    name, *rest = words
    with pytest.raises(ProfileError, match=told):
        stages(name, LOADS, *rest)
