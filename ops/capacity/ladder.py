"""Which crowds are tried in which order, and when to stop. What a crowd costs is for others to measure."""

from collections.abc import Callable, Iterable, Iterator

from ops.capacity.generator import Crowd
from ops.capacity.model import Step

FIRST_CONNECTIONS = 250
SYMBOLS_EACH = 5
"""As the owner's promise of 1000 sockets has it."""
MORE_SYMBOLS = (10, 20, 35, 50)
MORE_SYMBOLS_CONNECTIONS = 1000
TRIES = 2
"""A step that fails once may have been a neighbour's."""


def more_sockets(at_most: int) -> Iterator[Crowd]:
    """Twice as many each time, the last one `at_most`."""
    count = min(FIRST_CONNECTIONS, at_most)
    while count < at_most:
        yield Crowd(count, SYMBOLS_EACH)
        count *= 2
    yield Crowd(at_most, SYMBOLS_EACH)


def more_symbols(at_most: int, known: int) -> Iterator[Crowd]:
    """The same sockets, each with more symbols, as far as the platform knows so many."""
    count = min(MORE_SYMBOLS_CONNECTIONS, at_most)
    return (Crowd(count, symbols) for symbols in MORE_SYMBOLS if symbols <= known)


def climb(crowds: Iterable[Crowd], measure: Callable[[Crowd], Step], limit_ms: float, has_time: Callable[[], bool]) -> list[Step]:
    """Step by step until one fails twice, the crowds end, or there is no time for another."""
    steps: list[Step] = []
    for crowd in crowds:
        if not has_time():
            break
        steps.append(_tried(crowd, measure, limit_ms, has_time))
        if steps[-1].fails_by(limit_ms):
            break
    return steps


def _tried(crowd: Crowd, measure: Callable[[Crowd], Step], limit_ms: float, has_time: Callable[[], bool]) -> Step:
    step = measure(crowd)
    for _ in range(TRIES - 1):
        if step.fails_by(limit_ms) is None or not has_time():
            break
        step = measure(crowd)
    return step
