"""Fixtures for all tests: real engines, a migrated database, and a running demo with two worker processes.

With TEST_DATABASE_URL (a role that may create databases) and TEST_REDIS_URL set, the tests run on those servers; else on the
embedded ones.
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from server.embedded import EmbeddedEngines, EngineAddresses
from server.migrations import migrate
from server.records.database import Database
from server.records.redis import Store

MakeEngines = Callable[[], EngineAddresses]


@pytest.fixture(scope="session")
def make_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeEngines]:
    """Each call gives an empty database and an empty store of their own."""
    numbers = count()
    with ExitStack() as running:

        def make() -> EngineAddresses:
            if "TEST_DATABASE_URL" in os.environ:
                return _on_given_servers(next(numbers))
            return running.enter_context(EmbeddedEngines.start(tmp_path_factory.mktemp("engines"))).addresses

        yield make


def _on_given_servers(number: int) -> EngineAddresses:
    """A database and a numbered store on the servers of the environment; each pytest worker has its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    server = os.environ["TEST_DATABASE_URL"]
    name = f"portillon_test_{worker}_{number}"

    async def create() -> None:
        connection = await asyncpg.connect(server)
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()

    asyncio.run(create())
    store = os.environ["TEST_REDIS_URL"].rpartition("/")[0]
    return EngineAddresses(urlunsplit(urlsplit(server)._replace(path=f"/{name}")), f"{store}/{worker * 8 + number}")


@pytest.fixture(scope="session")
def engines(make_engines: MakeEngines) -> EngineAddresses:
    """The engines that tests in this process share; migrated."""
    addresses = make_engines()
    asyncio.run(migrate(addresses.database_url))
    return addresses


@pytest.fixture(scope="session")
def database_url(engines: EngineAddresses) -> str:
    return engines.database_url


@pytest.fixture(scope="session")
async def database(engines: EngineAddresses) -> AsyncIterator[None]:
    """The records' engine and store, open in this process."""
    await Database.open(engines.database_url)
    Store.open(engines.redis_url)
    await Store.client().flushdb()
    yield
    await Store.close()
    await Database.close()


@contextmanager
def running_demo(folder: Path, *options: str, environment: dict[str, str] | None = None) -> Iterator[str]:
    """A demo process with its address; stopped at the end, and it must stop cleanly."""
    command = [str(Path(sys.executable).with_name("portillon")), "demo", "--port", "0", "--data", str(folder), *options]
    log = folder.with_suffix(".log")
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, **(environment or {})}
        ) as process,
    ):
        assert process.stdout is not None
        try:
            said = ""
            for line in process.stdout:
                said += line
                if found := re.search(r"http://localhost:\d+", line):
                    break
            else:
                pytest.fail(f"the demo did not start: {said}\n{log.read_text(errors='replace')}")
            yield found[0]
        finally:
            process.terminate()
            assert process.wait(60) == 0, log.read_text(errors="replace")[-4000:]


@pytest.fixture(scope="session")
def demo_site(make_engines: MakeEngines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demo with two workers, shared by the tests of one pytest worker."""
    addresses = make_engines()
    where = {"DATABASE_URL": addresses.database_url, "REDIS_URL": addresses.redis_url}
    with running_demo(tmp_path_factory.mktemp("demo"), "--workers", "2", environment=where) as url:
        yield url
