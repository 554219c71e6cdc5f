"""Which crowds are tried, and when climbing ends."""

from ops.capacity.generator import Crowd
from ops.capacity.ladder import climb, more_sockets, more_symbols
from ops.tests.test_capacity_model import LIMIT_MS, step


class Machine:
    """Holds up to `knee` sockets; hiccups at those named, once each."""

    def __init__(self, knee: int, hiccups: tuple[int, ...] = ()) -> None:
        self.knee, self.hiccups = knee, list(hiccups)
        self.tried: list[int] = []

    def measure(self, crowd: Crowd):
        self.tried.append(crowd.connections)
        late = crowd.connections > self.knee
        if crowd.connections in self.hiccups:
            self.hiccups.remove(crowd.connections)
            late = True
        return step(crowd.connections, 0.1, p99_ms=200 if late else 10)


def climbed(machine: Machine, at_most: int = 8000, has_time=lambda: True) -> list[int]:
    return [taken.seen.connections for taken in climb(more_sockets(at_most), machine.measure, LIMIT_MS, has_time)]


def test_sockets_double_up_to_the_most_allowed():
    assert [crowd.connections for crowd in more_sockets(3000)] == [250, 500, 1000, 2000, 3000]
    assert [crowd.connections for crowd in more_sockets(100)] == [100], "never more than allowed"


def test_symbols_grow_as_far_as_the_platform_knows_so_many():
    assert [crowd.symbols for crowd in more_symbols(8000, known=40)] == [10, 20, 35]
    assert {crowd.connections for crowd in more_symbols(500, known=40)} == {500}


def test_climbing_ends_above_the_knee():
    machine = Machine(knee=1000)
    assert climbed(machine) == [250, 500, 1000, 2000], "the step that broke is part of the result"
    assert machine.tried == [250, 500, 1000, 2000, 2000], "it broke twice before it counted"


def test_a_hiccup_is_tried_again_and_does_not_end_the_climb():
    assert climbed(Machine(knee=2000, hiccups=(500,))) == [250, 500, 1000, 2000, 4000]


def test_without_time_no_further_step_begins():
    machine = Machine(knee=10_000)
    assert climbed(machine, has_time=lambda: len(machine.tried) < 3) == [250, 500, 1000]
