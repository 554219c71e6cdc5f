"""Changes: repaired by hand, rolled without a failed request, refused where the migration fails."""

import httpx
import pytest

from ops.tests.prober import probing
from ops.tests.stack.observed import REPLICAS, by_id, by_service, counts

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def test_a_container_removed_by_hand_comes_back(checkout, up_once, engine):
    by_id(engine, "ws").remove(force=True)
    broken = checkout.ops("status")
    assert broken.returncode == 1, "status must see it"
    assert "gone" in broken.stdout
    done = checkout.ops("up", "--no-smoke")
    assert done.returncode == 0, done.stdout
    assert "1 change " in done.stdout, done.stdout
    assert counts(engine) == REPLICAS


def test_new_code_of_one_service_replaces_only_that_one_and_nobody_notices(checkout, up_once, engine, url):
    before = by_service(engine)
    source = checkout.folder / "services/api/__main__.py"
    source.write_text(source.read_text() + "\n# another release\n")
    with probing(url, "/api/v1/quotes", "/", "/ws/health") as probes:
        done = checkout.ops("up")
    assert done.returncode == 0, done.stdout
    after = by_service(engine)
    assert not before["api"] & after["api"], "the new code must run"
    unchanged = set(REPLICAS) - {"api", "migration"}
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}, "nothing else may restart"
    assert probes.failures == [], f"{len(probes.failures)} of {sum(probes.answered.values())} requests failed"
    assert min(probes.answered.values()) > 50, "the prober must have asked"
    print(f"\n{probes.answered}, slowest {probes.slowest_ms:.0f} ms")


def test_a_failed_migration_leaves_the_old_version_serving_and_is_run_again(checkout, up_once, engine, url):
    before = by_service(engine)
    source = checkout.folder / "services/api/migrate.py"
    good = source.read_text()
    source.write_text('raise SystemExit("relation quotes is missing")\n')
    failed = checkout.ops("up")
    assert failed.returncode == 1
    assert "the migration failed (exit code 1)" in failed.stdout, failed.stdout
    assert "relation quotes is missing" in failed.stdout, "the reason must be where the failure is"
    assert "Traceback" not in failed.stdout
    assert by_service(engine)["api"] == before["api"], "the old version must go on"
    assert httpx.get(f"{url}/api/v1/quotes").status_code == 200
    again = checkout.ops("up")
    assert again.returncode == 1, "the next up must not take the failed job for done"
    assert by_service(engine)["api"] == before["api"]
    source.write_text(good)
    repaired = checkout.ops("up", "--no-smoke")
    assert repaired.returncode == 0, repaired.stdout
    assert counts(engine) == REPLICAS
