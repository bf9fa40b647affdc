"""Fixtures for all tests: real engines, a migrated database, and a running demo with two worker processes.

With TEST_DATABASE_URL (a role that may create databases) and TEST_REDIS_URL (ending in db=N) set, the tests run on those servers;
else on the embedded ones.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from itertools import count
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from hypothesis import settings

from e2e.kit.process import RunningDemo, running_demo
from server.embedded import EmbeddedEngines, EngineAddresses
from server.records.database import Database
from server.records.migrate import migrate
from server.records.redis import Store

# No test measures time: a busy machine is no fault.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

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
    store = re.sub(r"db=\d+", f"db={worker * 8 + number}", os.environ["TEST_REDIS_URL"])
    return EngineAddresses(urlunsplit(urlsplit(server)._replace(path=f"/{name}")), store)


@pytest.fixture(scope="session")
def engines(make_engines: MakeEngines) -> EngineAddresses:
    """The engines that tests in this process share; migrated."""
    addresses = make_engines()
    asyncio.run(migrate(addresses.database_url))
    return addresses


@pytest.fixture(scope="session")
def database_url(engines: EngineAddresses) -> str:
    """Its database."""
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


@pytest.fixture(scope="session")
def demo(make_engines: MakeEngines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo with two workers, shared by the tests of one pytest worker."""
    addresses = make_engines()
    where = {"DATABASE_URL": addresses.database_url, "REDIS_URL": addresses.redis_url}
    with running_demo(tmp_path_factory.mktemp("demo"), "--workers", "2", environment=where) as demo:
        yield demo


@pytest.fixture(scope="session")
def demo_site(demo: RunningDemo) -> str:
    """Its address."""
    return demo.url
