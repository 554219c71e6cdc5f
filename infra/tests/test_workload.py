from infra.settings import SECRETS, check
from infra.workload import CACHE, DB, FRONT, OUTWARD, describe

SETTINGS = check({"owner": "me"}, dict.fromkeys(SECRETS, "a-secret-of-sixteen-or-more"))
WORKLOAD = describe(SETTINGS)


def test_each_service_comes_after_what_it_needs():
    names = [service.name for service in WORKLOAD.services]
    assert names == ["redis", "database", "migration", "api", "ws", "web", "edge"]
    for service in WORKLOAD.services:
        assert all(names.index(needed) < names.index(service.name) for needed in service.after), service.name


def test_the_stores_are_out_of_reach_of_edge_and_page():
    for service in (WORKLOAD.edge, WORKLOAD.web):
        assert not {CACHE, DB} & set(service.networks), f"{service.name} must not reach a store"
    assert WORKLOAD.redis.networks == (CACHE,)
    assert WORKLOAD.database.networks == (DB,)
    assert WORKLOAD.migration.networks == (DB,), "a migration needs the database and nothing else"


def test_only_the_edge_and_the_api_have_a_way_out():
    assert [service.name for service in WORKLOAD.services if OUTWARD in service.networks] == ["api", "edge"]
    assert [service.name for service in WORKLOAD.services if FRONT in service.networks] == ["api", "ws", "web", "edge"]


def test_each_service_gets_the_secrets_it_uses_and_no_other():
    given = {service.name: set(service.secrets) for service in WORKLOAD.services}
    assert given["web"] == given["edge"] == set(), "what faces the world holds nothing to steal"
    assert given["ws"] == {"redis_password", "control_key", "client_key"}
    assert given["redis"] == {"redis_password"}
    assert given["database"] == given["migration"] == {"postgres_password"}


def test_no_secret_name_is_an_environment_value():
    for service in WORKLOAD.services:
        for key, value in service.environment.items():
            assert "PASSWORD" not in key or key.endswith("_FILE"), f"{service.name}: {key}={value}"


def test_replay_mounts_the_folder_into_the_api_only(tmp_path):
    (tmp_path / "2026-01-05.csv").touch()
    values = {"owner": "me", "source": "replay", "replayDay": "2026-01-05", "marketDataDir": str(tmp_path), "replaySpeed": "max"}
    workload = describe(check(values, dict.fromkeys(SECRETS, "a-secret-of-sixteen-or-more")))
    folders = {service.name: service.host_folders for service in workload.services if service.host_folders}
    assert folders == {"api": {"/srv/market-data": str(tmp_path)}}
    assert workload.api.environment["REPLAY_SPEED"] == "max"
