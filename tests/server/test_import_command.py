"""``portillon import-registry`` as the operator meets it: what it prints, its exit status, and how it is cut off."""

import asyncio
import base64
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from demo import synthetic
from server.records import registry
from server.records.database import fetch
from server.registry_import.command import EXIT_WITH_REPORT

SEED = 2027
# More than one batch of lines.
MANY = 5100
NUMBERS = [person.nir for person in synthetic.people(MANY, SEED)]
IN_SECOND_BATCH = synthetic.person(MANY - 1, SEED)

Portillon = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def portillon(database: None, database_url: str) -> AsyncIterator[Portillon]:
    """Starts the command, on a database without the people of these tests."""
    key = base64.b64encode(bytes(32)).decode()
    settings = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://localhost",
        "PORTILLON_NUMBER_KEY": key,
        "PORTILLON_MASTER_KEYS": f"one:{key}",
    }

    started = []

    async def start(*words: Path | str, **other_settings: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("portillon"),
            "import-registry",
            *map(str, words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **settings, **other_settings},
        )
        started.append(process)
        return process

    delete = "DELETE FROM insured_person WHERE nir = ANY($1)"
    await fetch(delete, NUMBERS)
    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    await fetch(delete, NUMBERS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A registry file of twelve people."""
    path = tmp_path / "registry.csv"
    synthetic.write_csv(path, 12, SEED)
    return path


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    path = tmp_path / "long.csv"
    synthetic.write_csv(path, MANY, SEED)
    return path


async def told(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def how_many() -> int:
    (row,) = await fetch("SELECT count(*) FROM insured_person WHERE nir = ANY($1)", NUMBERS)
    count: int = row["count"]
    return count


@asynccontextmanager
async def second_batch_held_back(database_url: str) -> AsyncIterator[None]:
    """Somebody else is about to add a person of the second batch, so an import waits there."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute(registry._PUT, *IN_SECOND_BATCH, await connection.fetchval("SELECT now()"))
            yield
            await connection.execute("DELETE FROM insured_person WHERE nir = $1", IN_SECOND_BATCH.nir)
    finally:
        await connection.close()


async def found(sql: str) -> int:
    """The process id that a query finds, as soon as it finds one."""
    async with asyncio.timeout(30):
        while not (rows := await fetch(sql)):
            await asyncio.sleep(0.02)
    pid: int = rows[0]["pid"]
    return pid


IMPORT_WAITING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%incoming_person%'
"""
NO_IMPORT = f"""
SELECT pg_backend_pid() AS pid WHERE NOT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND l.objid = {registry._ONE_IMPORT_AT_A_TIME % 2**32} AND d.datname = current_database())
"""


async def test_all_is_well(portillon: Portillon, file: Path) -> None:
    status, output = await told(await portillon(file))
    assert (status, output.splitlines()[-1]) == (0, "12 new, 0 changed, 0 as before")
    status, output = await told(await portillon(file))
    assert (status, output.splitlines()[-1]) == (0, "0 new, 0 changed, 12 as before")


async def test_some_lines_are_refused(portillon: Portillon, file: Path) -> None:
    with file.open("a") as more:
        more.write("bad\n")
    report = file.with_name("registry.csv.report.csv")
    status, output = await told(await portillon(file))
    assert status == EXIT_WITH_REPORT
    assert f"1 lines refused, 0 repeated: see {report}" in output
    assert report.read_text() == "line,column,reason\n14,,1 values where 13 are expected\n"
    assert await how_many() == 12


async def test_a_file_that_cannot_be_imported(portillon: Portillon, tmp_path: Path) -> None:
    status, output = await told(await portillon(tmp_path / "missing.csv", "--report", tmp_path / "report.csv"))
    assert status == 1
    assert output.endswith("missing.csv is no file\n")
    assert not (tmp_path / "report.csv").exists()


async def test_another_import_is_running(portillon: Portillon, file: Path) -> None:
    async with registry.importing():
        status, output = await told(await portillon(file))
    assert status == 1
    assert "another import is running" in output
    assert await how_many() == 0


async def test_no_database_or_no_tables_there(portillon: Portillon, file: Path, database_url: str) -> None:
    status, output = await told(await portillon(file, DATABASE_URL=f"postgresql:///nothing?host={file.parent}"))
    assert status == 1
    assert "run it again" in output
    mark = "&" if "?" in database_url else "?"
    no_tables = f"{database_url}{mark}search_path=pg_temp"
    status, output = await told(await portillon(file, DATABASE_URL=no_tables))
    assert status == 1
    assert "portillon migrate" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_cut_off_between_two_batches(
    portillon: Portillon, long_file: Path, database_url: str, number: signal.Signals
) -> None:
    async with second_batch_held_back(database_url):
        process = await portillon(long_file)
        await found(IMPORT_WAITING)
        process.send_signal(number)
        status, output = await told(process)
        assert status == (1 if number == signal.SIGINT else -number)
        assert ("run it again" in output) == (number == signal.SIGINT)
    await found(NO_IMPORT)  # a killed import's session ends when PostgreSQL notices
    assert await how_many() == 5000
    assert await told(await portillon(long_file)) == (0, "Importing\n100 new, 0 changed, 5,000 as before\n")


async def test_the_database_goes_away_between_two_batches(portillon: Portillon, long_file: Path, database_url: str) -> None:
    async with second_batch_held_back(database_url):
        process = await portillon(long_file)
        await fetch("SELECT pg_terminate_backend($1)", await found(IMPORT_WAITING))
        status, output = await told(process)
        assert status == 1
        assert "run it again" in output
    assert await how_many() == 5000
    assert (await told(await portillon(long_file)))[0] == 0
    assert await how_many() == MANY
