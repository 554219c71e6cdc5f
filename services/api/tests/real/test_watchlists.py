"""Watchlists over a real Postgres and real migrations: only the owner sees them, and the schema goes down and up without loss."""

import os
import subprocess
import sys
import time
from typing import Any
from uuid import uuid4

import jwt
import pytest

from services.api.tests.conftest import ROOT, redis_environment, running_api

pytestmark = pytest.mark.services_real

SECRET, ISSUER = "a-shared-secret-of-at-least-32-bytes!", "https://project.example/auth/v1"


def database_environment(server, name="postgres"):
    return {
        "DATABASE_HOST": server.host, "DATABASE_PORT": str(server.port), "DATABASE_USER": "postgres", "DATABASE_NAME": name,
        "DATABASE_PASSWORD_FILE": str(server.password_file),
    }  # fmt: skip


def migrate(environment, *words):
    clean = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME"}}
    command = [sys.executable, "-m", "services.api.migrate", *words]
    return subprocess.run(command, cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def database(postgres_server):
    """An empty database of this test's own."""
    name = f"test_{uuid4().hex[:8]}"
    client = ["env", f"PGPASSWORD={postgres_server.password}"]
    postgres_server.execute(*client, "createdb", "-h", "127.0.0.1", "-U", "postgres", name)
    environment = database_environment(postgres_server, name)

    def sql(text):
        return postgres_server.execute(*client, "psql", "-h", "127.0.0.1", "-U", "postgres", "-d", name, "-Atc", text)

    return environment, sql


def bearer(subject, **changes):
    claims: dict[str, Any] = {
        "sub": subject, "aud": "authenticated", "iss": ISSUER, "role": "authenticated", "exp": int(time.time()) + 600
    }  # fmt: skip
    return {"Authorization": "Bearer " + jwt.encode(claims | changes, SECRET, "HS256")}


def test_lists_belong_to_their_owner_alone(database, redis_server, tmp_path):
    environment, _ = database
    assert migrate(environment).returncode == 0
    (tmp_path / "secret").write_text(SECRET)
    auth = {"AUTH_MODE": "hs256", "AUTH_ISSUER": ISSUER, "AUTH_SECRET_FILE": str(tmp_path / "secret")}
    with running_api(tmp_path, **redis_environment(redis_server), **environment, **auth) as api:
        api.wait_ready()
        path, mine, theirs = "/api/v1/watchlists", bearer("me"), bearer("them")
        made = api.client.post(path, headers=mine, json={"name": "Banks", "symbols": ["SBIN", "M&M", "SBIN"]})
        assert made.status_code == 201
        assert made.json()["symbols"] == ["SBIN", "M&M"], "each symbol once, in the order given"
        one = made.headers["Location"]
        assert one == f"{path}/{made.json()['id']}"
        assert api.client.get(one, headers=mine).json() == made.json()
        for method in ("get", "delete"):
            assert getattr(api.client, method)(one, headers=theirs).status_code == 404, "another's list does not exist"
        assert api.client.put(one, headers=theirs, json={"name": "Stolen"}).status_code == 404
        assert api.client.get(path, headers=theirs).json() == {"watchlists": []}
        assert api.client.get(path).status_code == 401
        assert api.client.get(path, headers=bearer("me", aud="anon")).status_code == 401
        assert api.client.post(path, headers=mine, json={"name": "Banks"}).status_code == 409
        assert api.client.post(path, headers=theirs, json={"name": "Banks"}).status_code == 201, "names are each owner's own"
        bad: Any
        for bad in ({}, {"name": ""}, {"name": " "}, {"name": "x" * 81}, {"name": "a\x00b"}, {"name": "A", "symbols": ["tcs"]},
                    {"name": "A", "symbols": ["X"] * 201}, {"name": "A", "extra": 1}, []):  # fmt: skip
            assert api.client.post(path, headers=mine, json=bad).status_code == 422, bad
        assert api.client.get(f"{path}/not-a-uuid", headers=mine).status_code == 422
        changed = api.client.put(one, headers=mine, json={"name": "Ba'; DROP TABLE watchlists--", "symbols": []})
        assert changed.json()["name"] == "Ba'; DROP TABLE watchlists--"
        assert changed.json()["updatedAt"] > made.json()["updatedAt"]
        assert api.client.delete(one, headers=mine).status_code == 204
        assert api.client.delete(one, headers=mine).status_code == 404


def test_down_and_up_again_keeps_every_row(database):
    environment, sql = database
    assert migrate(environment).returncode == 0
    rows = "SELECT gen_random_uuid(), 'o', n::text, '{TCS}' FROM generate_series(1, 50) n"
    sql(f"INSERT INTO watchlists (id, owner, name, symbols) {rows}")
    digest = "SELECT md5(string_agg(w::text, ',' ORDER BY name)) FROM watchlists w"
    before = sql(digest)
    assert migrate(environment, "downgrade", "base").returncode == 0
    assert migrate(environment, "upgrade", "head").returncode == 0
    assert sql(digest) == before
    again = migrate(environment)
    assert (again.returncode, again.stdout) == (0, "database schema: upgraded to head (0001)\n"), "a second run changes nothing"


def test_a_migration_that_cannot_get_its_lock_ends_within_seconds_and_changes_nothing(database, postgres_server):
    environment, sql = database
    assert migrate(environment).returncode == 0
    name = environment["DATABASE_NAME"]
    client = ["docker", "exec", postgres_server.container, "env", f"PGPASSWORD={postgres_server.password}", "psql"]
    holder = subprocess.Popen(
        [*client, "-h", "127.0.0.1", "-U", "postgres", "-d", name, "-c", "BEGIN; LOCK watchlists; SELECT pg_sleep(12)"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(1)
        started = time.monotonic()
        failed = migrate(environment, "downgrade", "base")
        assert failed.returncode == 1
        assert time.monotonic() - started < 10, "a release must not hang behind somebody's query"
        assert failed.stderr.startswith("error: the migration failed and nothing was changed: ")
        assert "Traceback" not in failed.stderr
    finally:
        holder.wait(30)
    assert sql("SELECT version_num FROM alembic_version") == "0001"
    assert sql("SELECT count(*) FROM watchlists") == "0"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"DATABASE_PORT": "1"}, "(database 127.0.0.1:1)"),
        ({"DATABASE_NAME": "absent"}, "does not exist"),
        ({"DATABASE_USER": "nobody"}, "password authentication failed"),
    ],
)
def test_a_migration_without_a_usable_database_says_so_in_one_line(database, changes, expected):
    environment, _ = database
    failed = migrate(environment | changes)
    assert failed.returncode == 1
    assert len(failed.stderr.strip().splitlines()) == 1
    assert expected in failed.stderr


def test_a_lost_database_costs_watchlists_only(redis_server, tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    auth = {"AUTH_MODE": "hs256", "AUTH_ISSUER": ISSUER, "AUTH_SECRET_FILE": str(tmp_path / "secret")}
    away = {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": "1", "DATABASE_PASSWORD_FILE": str(tmp_path / "secret")}
    with running_api(tmp_path, **redis_environment(redis_server), **away, **auth) as api:
        api.wait_ready()
        answer = api.client.get("/api/v1/watchlists", headers=bearer("me"))
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert api.client.get("/api/v1/quotes/TCS").status_code == 200
