"""`python -m loadtests.fuzz [--cases 20000]`: Schemathesis over the running API's own OpenAPI document, all checks on.

Real Redis and Postgres in containers of this run, a stand-in for the AI service, a signed-in user. No answer may be a 5xx but the
documented 503, and none may differ from the document. Writes out/fuzz.json; exits 1 on any failure or too few cases.
"""

import argparse
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import jwt

from loadtests.faults.processes import IMAGE, ROOT, docker, free_port, program, redis_server, wait_for

ISSUER = "https://project.example/auth/v1"
REPORT = Path("out/fuzz.json")
OPERATIONS = 16
EXAMPLES_MAX = 200
COUNT = re.compile(r"(\d+) generated")


@contextmanager
def postgres(folder: Path) -> Iterator[dict[str, str]]:
    """A database with this release's schema; yields the API's variables for it."""
    name, port, password = f"stk-fuzz-{secrets.token_hex(4)}", free_port(), folder / "database_password"
    password.write_text(secrets.token_hex(12))
    script = (
        "set -e; install -d -o postgres /data; bin=$(echo /usr/lib/postgresql/*/bin); echo $WORD > /tmp/word; "
        'su postgres -c "$bin/initdb -D /data/pg -A scram-sha-256 --pwfile /tmp/word >/dev/null"; '
        "echo 'host all all all scram-sha-256' >> /data/pg/pg_hba.conf; "
        "exec su postgres -c \"exec $bin/postgres -D /data/pg -c listen_addresses='*' -c fsync=off\""
    )
    run = ["run", "-d", "--name", name, "-e", f"WORD={password.read_text()}", "-p", f"127.0.0.1:{port}:5432"]
    docker(*run, IMAGE, "bash", "-c", script)
    environment = {
        "DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": str(port), "DATABASE_USER": "postgres", "DATABASE_NAME": "postgres",
        "DATABASE_PASSWORD_FILE": str(password),
    }  # fmt: skip
    migrate = [sys.executable, "-m", "services.api.migrate"]
    try:
        wait_for(
            lambda: subprocess.run(migrate, cwd=ROOT, env=bare(environment), capture_output=True, check=False).returncode == 0,
            60,
            "schema",
        )
        yield environment
    finally:
        subprocess.run(["docker", "rm", "-f", "-v", name], capture_output=True, check=False)


def bare(environment: dict[str, str]) -> dict[str, str]:
    """A child's environment: nothing of ours but what is given."""
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}} | environment


def token(secret: str) -> str:
    """A signed-in user's."""
    claims = {"sub": "fuzz", "aud": "authenticated", "iss": ISSUER, "role": "authenticated", "exp": int(time.time()) + 7_200}
    return jwt.encode(claims, secret, "HS256")


def configuration(document: dict[str, Any]) -> str:
    """Schemathesis' settings: any 5xx is a failure, but 503 of the operations whose document says that they may be unable."""
    may_be_unable = [
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if "503" in operation.get("responses", {})
    ]
    return "".join(
        f"[[operations]]\ninclude-name = {json.dumps(name)}\n"
        '[operations.checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", 503]\n'
        for name in may_be_unable
    )


def fuzz_once(url: str, bearer: str, examples: int, folder: Path) -> tuple[int, int, str]:
    """One Schemathesis run (one worker: two threads of it trip over CPython 3.11's compiler): cases, exit code, output."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json", "-c", "all", "-w", "1",
        "-n", str(examples), "--continue-on-failure", "-H", f"Authorization: Bearer {bearer}",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, env=bare({}), capture_output=True, text=True, check=False)
    found = COUNT.search(done.stdout)
    return int(found[1]) if found else 0, done.returncode if found else 1, done.stdout


def fuzz(url: str, bearer: str, cases: int, folder: Path) -> tuple[int, int, str]:
    """Pairs of runs, each with its own seed, until there are enough cases: all cases, worst exit code, its output."""
    document = httpx.get(f"{url}/openapi.json").json()
    (folder / "schemathesis.toml").write_text(configuration(document))
    total, output, code = 0, "", 0
    with ThreadPoolExecutor(2) as pool:
        while total < cases and code == 0:
            examples = min(EXAMPLES_MAX, max(20, (cases - total) // OPERATIONS // 2))
            for found, exit_code, text in pool.map(lambda n: fuzz_once(url, bearer, n, folder), [examples, examples]):
                total += found
                code, output = (exit_code, text) if exit_code else (code, output)
            print(f"{total} cases, exit code {code}", flush=True)
    return total, code, output


def main() -> int:
    """Exit codes: 0 clean, 1 not."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.fuzz")
    parser.add_argument("--cases", type=int, default=20_000)
    wanted: int = parser.parse_args().cases
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        secret, fake, port = folder / "secret", free_port(), free_port()
        secret.write_text(secrets.token_hex(32))
        redis = stack.enter_context(redis_server())
        database = stack.enter_context(postgres(folder))
        stack.enter_context(program("loadtests.faults.upstream", str(fake), log=folder / "upstream.log"))
        settings: dict[str, Any] = redis.environment() | database | {
            "SOURCE": "simulated", "PORT": str(port), "HOST": "127.0.0.1", "AUTH_MODE": "hs256", "AUTH_ISSUER": ISSUER,
            "AUTH_SECRET_FILE": str(secret), "CONTROL_KEY_FILE": str(secret), "GEMINI_API_KEY_FILE": str(secret),
            "GEMINI_BASE_URL": f"http://127.0.0.1:{fake}", "RATE_LIMIT_PER_MINUTE": "10000000",
            "RATE_LIMIT_UPSTREAM_PER_MINUTE": "10000000",
        }  # fmt: skip
        stack.enter_context(program("services.api", log=folder / "api.log", **settings))
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: httpx.get(f"{url}/health/ready").status_code == 200, 60, "api")
        started = time.monotonic()
        total, code, output = fuzz(url, token(secret.read_text()), wanted, folder)
        tracebacks = (folder / "api.log").read_text().count("Traceback")
    if code or tracebacks:
        print(output[-6_000:])
    report = {"cases": total, "clean": code == 0 and tracebacks == 0, "seconds": round(time.monotonic() - started, 1)}
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report | {"tracebacks": tracebacks}) + "\n")
    print(report)
    return 0 if report["clean"] and total >= wanted else 1


if __name__ == "__main__":
    sys.exit(main())
