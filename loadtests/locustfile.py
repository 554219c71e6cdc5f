"""`locust -f loadtests/locustfile.py --headless [--profile NAME]`: puts users under load and judges the promises.

Exit 0 all met, 1 one missed, 2 configuration, 4 the meter cannot be trusted. Locust's own -u, -r and -t are replaced by the
load shapes of objectives.toml.
"""

import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # Locust is its own program: it does not start in the checkout's package
    sys.path.insert(0, str(ROOT))

import locust.stats  # noqa: E402
from locust import LoadTestShape, events  # noqa: E402

from loadtests.conductor import Conductor  # noqa: E402
from loadtests.gate import Exit, exit_code, judge  # noqa: E402
from loadtests.histogram import bucket  # noqa: E402
from loadtests.machine import TooFewHandlesError, go_first, require_handles, require_way  # noqa: E402
from loadtests.orchestra import LocustOrchestra  # noqa: E402
from loadtests.profiles import DEFAULT, ProfileError, Stage, stages  # noqa: E402
from loadtests.results import as_data, judgement_lines, stage_lines, write  # noqa: E402
from loadtests.users.caller import Caller, ColdCaller  # noqa: E402
from loadtests.users.publisher import Publisher  # noqa: E402
from loadtests.users.viewer import Viewer  # noqa: E402
from ops.access import Access, AccessError, add_access_options, find_access  # noqa: E402
from services.contract.endpoints import INDICES, QUOTES, STATUS, SYMBOLS  # noqa: E402
from services.contract.objectives import ObjectivesError, load_objectives  # noqa: E402

locust.stats.bucket_response_time = bucket
LIST_TRIES = 4
UNTOLD = (OSError, ValueError, KeyError)
"""What a platform that does not answer, or says something else, ends a question with; urllib's own errors are OSErrors."""
USERS = {"caller": Caller, "cold": ColdCaller, "viewer": Viewer, "publisher": Publisher}


class SetUpError(ValueError):
    """The run cannot start; the text says what to do."""


def add_options(parser: Any) -> None:
    """Locust's own command line, and ours."""
    add_access_options(parser)
    parser.set_defaults(profile=os.environ.get("PROFILE") or DEFAULT)
    group = parser.add_argument_group("load")
    group.add_argument("--at-most-users", type=int, default=None, help="fewer users than the profile says; keeps no promise")
    group.add_argument("--hold-seconds", type=float, default=None, help="hold for this time instead of the profile's")
    group.add_argument("--results", default="", help="JSON file (default out/load/PROFILE.json)")


def set_up(environment: Any, **_: Any) -> None:
    """Find the platform, its symbols and the stages; whatever is wrong ends here with one text and exit 2."""
    options = environment.parsed_options
    if options is None or environment.runner is None:
        return
    try:
        objectives = load_objectives()
        chosen = stages(options.profile, objectives.load, options.at_most_users, options.hold_seconds)
        address = options.base_url or options.host
        environment.access = find_access(address, options.client_key_file, options.control_key_file, None, options.stack)
        most_users = max(stage.load.users for stage in chosen)
        require_handles(most_users)
        require_way(environment.access.base_url, most_users)
        environment.priority = go_first()
        environment.symbols = default_symbols(environment.access)
        environment.asked = [*environment.symbols, *index_symbols(environment.access, chosen)]
        if any(stage.user == "cold" for stage in chosen):
            environment.cold_symbols = other_symbols(environment.access, environment.symbols)
    except (ProfileError, ObjectivesError, AccessError, TooFewHandlesError, SetUpError) as error:
        print(f"load: {error}", file=sys.stderr)
        sys.exit(Exit.CONFIG)
    environment.host = environment.access.base_url
    orchestra = LocustOrchestra(environment)
    environment.orchestra = orchestra
    environment.conductor = Conductor(chosen, orchestra, orchestra.linger_seconds, time.monotonic)
    environment.objectives = objectives


def default_symbols(access: Access) -> list[str]:
    """What the platform lists by itself.

    Raises:
        SetUpError: it does not answer, or lists nothing.
    """
    if access.base_url.startswith("https"):
        raise SetUpError("kernel receive times cannot be read through TLS; give the address without it")
    symbols = [str(quote["symbol"]) for quote in listed(access, QUOTES, "quotes")]
    if not symbols:
        raise SetUpError(f"{access.base_url}{QUOTES} lists no symbol to subscribe to")
    return symbols


def index_symbols(access: Access, chosen: list[Stage]) -> list[str]:
    """The indices, where a stage has callers: they ask for them too.

    Raises:
        SetUpError: it does not answer.
    """
    asks = any(stage.user in ("caller", "cold") for stage in chosen)
    return [str(quote["symbol"]) for quote in listed(access, INDICES, "indices")] if asks else []


def other_symbols(access: Access, known: list[str]) -> list[str]:
    """What the platform can find beside its default list.

    Raises:
        SetUpError: it does not answer, or knows no other.
    """
    found = [str(row["symbol"]) for row in listed(access, f"{SYMBOLS}?limit=50", "symbols")]
    others = [symbol for symbol in found if symbol not in known]
    if not others:
        raise SetUpError(f"{access.base_url}{SYMBOLS} knows no symbol beside the default list: nothing can be asked for anew")
    return others


def listed(access: Access, path: str, name: str) -> list[dict[str, Any]]:
    """The list called `name` in the JSON answer of `path`.

    Raises:
        SetUpError: it does not answer so.
    """
    for tries_left in reversed(range(LIST_TRIES)):  # a platform that fails now and then is what a load test is for
        try:
            rows: list[dict[str, Any]] = told(access, path, name)
            return rows
        except UNTOLD as error:
            if not tries_left:
                text = f"{access.base_url}{path} gives no list of {name}: {error}. Is it up? See: make smoke"
                raise SetUpError(text) from error
            time.sleep(0.3)
    raise AssertionError("unreachable: the last try returns or raises")


def told(access: Access, path: str, name: str) -> Any:
    """The value called `name` in the JSON answer of `path`. Raises one of UNTOLD."""
    with urllib.request.urlopen(access.base_url + path, timeout=10) as answer:  # noqa: S310 - checked by find_access
        return json.load(answer)[name]


def limits_line(access: Access) -> str:
    """What the platform admits from one client in a minute, as it says itself; a 429 in a run is a failure of either."""
    try:
        limits: dict[str, int] = told(access, STATUS, "rateLimitsPerMinute")
    except UNTOLD as error:
        return f"\nrate limits in force: not told ({error})"
    return "\nrate limits in force, per client and minute: " + ", ".join(f"{name} {count}" for name, count in limits.items())


class Stages(LoadTestShape):  # type: ignore[misc]
    """Asks the conductor once a second."""

    def tick(self) -> tuple[int, float, list[type]] | None:
        """As Locust wants it."""
        wanted = self.runner.environment.conductor.tick(self.get_current_user_count())
        return None if wanted is None else (wanted[0], wanted[1], [USERS[wanted[2]]])


def tell(environment: Any, **_: Any) -> None:
    """Judge, print, write, and set the exit code; only in the process that leads."""
    orchestra = getattr(environment, "orchestra", None)
    if orchestra is None or not orchestra.leads:
        return
    judgements = judge(orchestra.results, environment.objectives)
    code = exit_code(judgements)
    lines = [line for result in orchestra.results for line in stage_lines(result)] + judgement_lines(judgements)
    if not environment.conductor.is_done:
        lines.append("\ncut off before every stage was through: what was not measured keeps no promise")
        code = Exit.MISSED
    options = environment.parsed_options
    path = Path(options.results or ROOT / "out" / "load" / f"{options.profile}.json")
    write(path, as_data(options.profile, environment.access.base_url, orchestra.results, judgements, code))
    lines.append(limits_line(environment.access))
    print("\n".join(lines) + f"\n\n{path}\n{code.name.lower()} (exit {code.value})", flush=True)
    environment.process_exit_code = code.value


events.init_command_line_parser.add_listener(add_options)
events.init.add_listener(set_up)
events.quitting.add_listener(tell)
