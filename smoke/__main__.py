"""`python -m smoke`: is the platform that runs there whole? Exit 0 yes, 1 a check failed, 2 usage, 3 unreachable, 4 timed out."""

import asyncio
import contextlib
import shlex
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from ops.access import Access, AccessError, add_access_options, find_access
from services.contract.objectives import ObjectivesError
from smoke.check import Check, Outcome, Result
from smoke.platform import Platform
from smoke.report import line, write_files
from smoke.runner import Exit, all_checks, exit_code, reachable, run_all
from smoke.watch import watch

TIMEOUT_SECONDS = 60.0
METRICS_PORT = 9109


class UsageError(ValueError):
    """The command line asks for what does not exist."""


def parser() -> ArgumentParser:
    """The command line."""
    made = ArgumentParser(prog="python -m smoke", description="Checks a running Stock Tracker platform from outside.")
    add_access_options(made)
    made.add_argument("--expect-release", metavar="ID", help="every part must be this release")
    made.add_argument("--only", action="append", default=[], metavar="CHECK", help="run this check only (repeatable)")
    made.add_argument(
        "--skip", action="append", default=[], metavar="CHECK", help="leave this check out, and say so (repeatable)"
    )
    made.add_argument(
        "--faults", action="store_true", help="also what disturbs: stop Redis, pause the source, bad token, foreign origin"
    )
    made.add_argument("--ca-file", metavar="FILE", help="trust these certificates (PEM) instead of the system's")
    made.add_argument("--watch", type=float, metavar="SECONDS", help="run again and again, and export metrics")
    made.add_argument(
        "--metrics-port", type=int, default=METRICS_PORT, help="where --watch shows them, on 127.0.0.1 (default 9109)"
    )
    made.add_argument("--list", action="store_true", help="print the checks and end")
    made.add_argument("--timeout", type=float, default=TIMEOUT_SECONDS, metavar="SECONDS", help="for the whole run (default 60)")
    made.add_argument("--junit", metavar="FILE", help="write JUnit XML")
    made.add_argument("--json", metavar="FILE", help="write JSON")
    return made


def chosen_checks(options: Namespace) -> list[Check]:
    """The checks the command line asks for.

    Raises:
        UsageError: a name that is no check, or nothing left.
    """
    checks = all_checks()
    names = {check.name for check in checks}
    if unknown := [name for name in [*options.only, *options.skip] if name not in names]:
        raise UsageError(f"no check is called {', '.join(unknown)}. There are: {', '.join(sorted(names))}")
    checks = [check for check in checks if (check.name in options.only if options.only else options.faults or not check.faults)]
    checks = [check for check in checks if check.name not in options.skip]
    if not checks:
        raise UsageError("no check is left to run")
    if not options.timeout > 0 or (options.watch is not None and not options.watch > 0):
        raise UsageError("--timeout and --watch must be above 0")
    if options.watch is not None and any(check.faults for check in checks):
        raise UsageError("--watch does not disturb what it watches: leave --faults out")
    if options.ca_file and not Path(options.ca_file).is_file():
        raise UsageError(f"no certificates in {options.ca_file}")
    return checks


def those_for(base_url: str, checks: Sequence[Check]) -> list[Check]:
    """Without the checks of TLS where there is none.

    Raises:
        UsageError: nothing is left.
    """
    left = [check for check in checks if base_url.startswith("https") or not check.tls]
    if not left:
        raise UsageError(f"{', '.join(check.name for check in checks)} needs an https:// address, got {base_url}")
    return left


def repeat_command(options: Namespace, access: Access, check: Check) -> str:
    """What to type to run only `check` again; file names and addresses only, never a key."""
    words = ["python", "-m", "smoke", "--base-url", access.base_url]
    for name in ("client_key_file", "control_key_file", "stack", "expect_release", "ca_file"):
        if value := getattr(options, name):
            words += [f"--{name.replace('_', '-')}", value]
    return shlex.join([*words, "--only", check.name])


async def smoke(options: Namespace, access: Access, checks: Sequence[Check]) -> Exit:
    """Run, print a line per check, write the files."""
    print(f"smoke {access.base_url}" + (f" (stack {access.stack})" if access.stack else ""), flush=True)
    if why := await reachable(access.base_url):
        print(f"Cannot reach {access.base_url}: {why}. Is it up? Start it: make up; look: docker ps", file=sys.stderr)
        return Exit.UNREACHABLE
    began = time.monotonic()

    def tell(result: Result) -> None:
        print(line(result, repeat_command(options, access, result.check)), flush=True)

    async with Platform(access, options.ca_file) as platform:
        results = await run_all(checks, platform, options.timeout, tell)
    took_seconds = time.monotonic() - began
    code = exit_code(results, timed_out=took_seconds > options.timeout)
    write_files(results, access, code, options.junit, options.json)
    passed = sum(result.outcome is Outcome.PASSED for result in results)
    left_out = f", left out: {', '.join(options.skip)}" if options.skip else ""
    print(f"{passed}/{len(results)} ok in {took_seconds:.1f} s{left_out}; {code.name.lower().replace('_', ' ')} (exit {code})")
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        checks = chosen_checks(options)
        if options.list:
            print("\n".join(f"{check.name:<22}{check.group:<10}{check.limit_ms:>6.0f} ms" for check in checks))
            return Exit.PASSED
        access = find_access(
            options.base_url, options.client_key_file, options.control_key_file, options.expect_release, options.stack
        )
        checks = those_for(access.base_url, checks)
    except (UsageError, AccessError, ObjectivesError) as error:
        print(f"smoke: {error}", file=sys.stderr)
        return Exit.USAGE
    if options.watch is None:
        return asyncio.run(smoke(options, access, checks))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(watch(access, checks, options.watch, options.timeout, options.metrics_port, options.ca_file))
    return Exit.PASSED


if __name__ == "__main__":
    sys.exit(main())
