"""The embedded PostgreSQL and Valkey, real ones: what they keep, whom they let in, what they log."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from server.embedded import EmbeddedEngines, EnginesUnavailable


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a data folder for the tests that start and end engines: one for all, as first starts cost most."""
    return tmp_path_factory.mktemp("data") / "data"


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared") / "data"


@pytest.fixture(scope="module")
def engines(shared_folder: Path) -> Iterator[EmbeddedEngines]:
    with EmbeddedEngines.start(shared_folder) as engines:
        yield engines


def query(engines: EmbeddedEngines, sql: str, **connection: str) -> Any:
    async def run() -> Any:
        opened = await asyncpg.connect(engines.addresses.database_url, **connection)
        try:
            return await opened.fetchval(sql)
        finally:
            await opened.close()

    return asyncio.run(run())


def valkey(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, decode_responses=True, retry=Retry(NoBackoff(), 0))


def test_data_survives_stop_and_start(folder: Path) -> None:
    with EmbeddedEngines.start(folder) as engines:
        query(engines, "CREATE TABLE kept AS SELECT 'été' AS word")
        valkey(engines.addresses.redis_url).set("kept", "été")
    with EmbeddedEngines.start(folder) as engines:
        assert query(engines, "SELECT word FROM kept") == "été"
        assert valkey(engines.addresses.redis_url).get("kept") == "été"


def test_start_inside_a_running_loop(folder: Path) -> None:
    async def start() -> EmbeddedEngines:
        return EmbeddedEngines.start(folder)

    asyncio.run(start()).stop()


def test_wrong_passwords_are_refused_by_postgresql(engines: EmbeddedEngines) -> None:
    for user in ("portillon", "postgres"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            query(engines, "SELECT 1", user=user, password="wrong")


def test_wrong_passwords_are_refused_by_valkey(engines: EmbeddedEngines, shared_folder: Path) -> None:
    right = f":{json.loads((shared_folder / 'passwords.json').read_text())['valkey']}@"
    assert valkey(engines.addresses.redis_url).ping()
    for wrong in (":wrong@", ""):
        with pytest.raises(redis.AuthenticationError):
            valkey(engines.addresses.redis_url.replace(right, wrong)).ping()


def test_the_application_is_no_superuser(engines: EmbeddedEngines) -> None:
    assert query(engines, "SELECT current_user || '@' || current_database()") == "portillon@portillon"
    powers = "rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
    assert query(engines, f"SELECT {powers} FROM pg_roles WHERE rolname = current_user") is False


def test_postgresql_takes_passwords_on_its_socket_only(engines: EmbeddedEngines, shared_folder: Path) -> None:
    password = json.loads((shared_folder / "passwords.json").read_text())["postgres"]
    rules = "SELECT array_agg(type || ' ' || auth_method) FROM pg_hba_file_rules"
    assert query(engines, rules, user="postgres", password=password) == ["local scram-sha-256", "host reject"]
    stored = "SELECT bool_and(rolpassword LIKE 'SCRAM-SHA-256$%') FROM pg_authid WHERE rolcanlogin"
    assert query(engines, stored, user="postgres", password=password) is True


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_encoding", "UTF8"),
        ("timezone", "UTC"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("max_connections", "100"),
    ],
)
def test_postgresql_is_set(engines: EmbeddedEngines, setting: str, value: str) -> None:
    assert query(engines, f"SHOW {setting}") == value


def test_valkey_is_set(engines: EmbeddedEngines) -> None:
    settings = valkey(engines.addresses.redis_url).config_get("appendonly", "maxmemory-policy", "port")
    assert settings == {"appendonly": "yes", "maxmemory-policy": "noeviction", "port": "0"}


def test_no_value_reaches_the_log(engines: EmbeddedEngines, shared_folder: Path) -> None:
    query(engines, "CREATE TABLE people (number text UNIQUE)")
    query(engines, "INSERT INTO people VALUES ('secret')")
    with pytest.raises(asyncpg.UniqueViolationError):
        query(engines, "INSERT INTO people VALUES ('secret')")
    log = (shared_folder / "postgresql.log").read_text()
    assert "people_number_key" in log
    assert "secret" not in log


def test_an_engine_that_dies_at_start_says_why_and_leaves_the_folder_free(folder: Path) -> None:
    EmbeddedEngines.start(folder).stop()
    version = folder / "postgresql" / "PG_VERSION"
    right = version.read_text()
    version.write_text("9.6\n")
    with pytest.raises(EnginesUnavailable, match=r"PostgreSQL stopped(.|\n)*incompatible with server"):
        EmbeddedEngines.start(folder)
    version.write_text(right)
    EmbeddedEngines.start(folder).stop()


def test_a_first_start_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    (tmp_path / "postgresql.new" / "base").mkdir(parents=True)
    EmbeddedEngines.start(tmp_path).stop()


def test_lost_passwords_are_named(folder: Path) -> None:
    EmbeddedEngines.start(folder).stop()
    passwords = folder / "passwords.json"
    kept = passwords.rename(folder / "kept.json")
    with pytest.raises(EnginesUnavailable, match=r"passwords\.json"):
        EmbeddedEngines.start(folder)
    kept.rename(passwords)
    EmbeddedEngines.start(folder).stop()
