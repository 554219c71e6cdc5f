"""`python -m ops`: what a person does to a stack. Exit 0 done, 1 failed, 2 cannot begin, 3 smoke failed, 130 interrupted."""

import os
import sys
from typing import Annotated

import typer

from ops.access import DEFAULT_STACK, STACK
from ops.alerts import as_yaml
from ops.capacity.command import Question
from ops.capacity.command import capacity as measure_capacity
from ops.capacity.run import Bounds
from ops.down import down as bring_down
from ops.logs import logs as read_logs
from ops.progress import console
from ops.replay import set_replay
from ops.stack import Stack
from ops.status import status as show_status
from ops.up import up as bring_up
from services.contract.objectives import ObjectivesError, load_objectives
from tools.machine.problem import Problem

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="What a person does to a stack."
)
StackName = Annotated[str, typer.Option("--stack", envvar=STACK, help="the stack's name")]
SmokeToo = Annotated[bool, typer.Option("--smoke/--no-smoke", help="check the platform from outside afterwards")]


@app.command()
def up(stack: StackName = DEFAULT_STACK, smoke: SmokeToo = True) -> int:
    """Look for what could stop it, bring the stack up, check it, say where it is."""
    return bring_up(Stack(stack), console(), smoke=smoke)


@app.command()
def down(stack: StackName = DEFAULT_STACK) -> int:
    """Remove the stack; its data stays, and how to remove that is said."""
    return bring_down(Stack(stack), console())


@app.command()
def status(stack: StackName = DEFAULT_STACK) -> int:
    """Say what runs, whether it is whole, and how it stands with the promises that its metrics show."""
    return show_status(Stack(stack), console())


@app.command()
def replay(
    day: Annotated[str, typer.Argument(help="YYYY-MM-DD")],
    speed: Annotated[str, typer.Argument(help="1 to 1000 times as fast as it was, or max")] = "60",
    stack: StackName = DEFAULT_STACK,
    smoke: SmokeToo = True,
) -> int:
    """Let a recorded trading day run through the stack (folder: STOCK_TRACKER_MARKET_DATA)."""
    out = console()
    out.print(f"✓ {set_replay(Stack(stack), day, speed)}", markup=False)
    return bring_up(Stack(stack), out, smoke=smoke)


@app.command()
def logs(
    service: Annotated[str | None, typer.Argument(help="redis, database, migration, api, ws, web or edge; all without")] = None,
    tail: Annotated[int, typer.Option(help="lines of each container")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on until interrupted")] = False,
    stack: StackName = DEFAULT_STACK,
) -> int:
    """The lines of a service's containers in the order of time."""
    for line in read_logs(Stack(stack), service, tail, follow):
        print(line)
    return 0


@app.command()
def alerts() -> int:
    """Print Prometheus alerting rules for the promises that metrics show, from objectives.toml."""
    try:
        print(as_yaml(load_objectives()), end="")
    except ObjectivesError as error:
        raise Problem("There are no promises to make rules of.", str(error), "git status objectives.toml") from error
    return 0


@app.command()
def capacity(
    audience: Annotated[int, typer.Option(min=1, help="how many watchers to plan for")] = 1000,
    max_connections: Annotated[int, typer.Option(min=500, max=12_000, help="sockets opened at most")] = 8000,
    window: Annotated[float, typer.Option(min=6, max=60, help="seconds measured in each step")] = 6,
    minutes: Annotated[float, typer.Option(min=2, max=60, help="no step begins that would end later")] = 5,
    host_price: Annotated[float | None, typer.Option(min=0, help="USD a month for a host of your own")] = None,
    stack: StackName = DEFAULT_STACK,
) -> int:
    """Find out how much the running stack carries here, and what an audience would need and cost.

    Opens sockets in growing numbers straight at one ws node until a price is no longer with everybody in time (its knee), then
    gives each more symbols, then puts a crowd through the edge on all nodes and compares processor, memory and deliveries with
    what the one node alone predicted. Reads cgroups and Redis' counters; publishes, stops and changes nothing. The machine is
    busy meanwhile, so nobody should need it. Needs a C compiler, and Docker on this Linux machine. Result: out/capacity.json.

    Exit 0: every prediction within 20 % of its run; 1: not; 2: cannot be measured.
    """
    return measure_capacity(Stack(stack), console(), Question(audience, Bounds(max_connections, window, minutes), host_price))


def main() -> int:
    """Run the command line and return its exit code."""
    try:
        return int(app(standalone_mode=False) or 0)
    except Problem as problem:
        print(f"ops: {problem}", file=sys.stderr)
        return 2
    except typer.Exit as ended:
        return ended.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:  # `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0


if __name__ == "__main__":
    sys.exit(main())
