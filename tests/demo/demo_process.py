"""A demo of one's own, with its processes in reach."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

LONG_ENOUGH_S = 60.0


def command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("portillon")), "demo", *arguments]


def environment(**variables: str) -> dict[str, str]:
    """Ours without what would choose engines or settings, and with these."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PORTILLON_", "DATABASE_", "REDIS_"))}
    return {**bare, **variables}


def until(true: Callable[[], object], what: str) -> None:
    """Look again and again until something is so."""
    end = time.monotonic() + LONG_ENOUGH_S
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"still not so: {what}")
        time.sleep(0.02)


class DemoProcess:
    """`portillon demo` on a free port, from its first line on until the block ends."""

    def __init__(self, data: Path, *options: str, **variables: str) -> None:
        self.data = data
        self.log = data.with_suffix(".log")
        with self.log.open("ab") as errors:
            self.process = subprocess.Popen(
                command("--port", "0", "--data", str(data), *options),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment(**variables),
            )
        assert self.process.stdout
        line = self.process.stdout.readline()
        found = re.match(r"Portillon demo: (http://localhost:\d+) ", line)
        if not found:
            self.process.kill()
            pytest.fail(f"{line}\n{self.log.read_text()}")
        self.url = found[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGTERM)

    def stop(self, number: signal.Signals) -> None:
        """End it, and see that nothing of it stays."""
        everybody = [self.process.pid, *self.descendants()]
        self.process.send_signal(number)
        assert self.process.wait(LONG_ENOUGH_S) == 0, self.log.read_text()[-4000:]
        until(lambda: not any(alive(pid) for pid in everybody), "every process has ended")

    def descendants(self) -> list[int]:
        """Workers and engines, and theirs."""
        parents = dict(_parents())
        known = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in known} - known:
            known |= more
        return sorted(known - {self.process.pid})

    def named(self, name: str) -> list[int]:
        """Those whose command line holds a word."""
        return [pid for pid in self.descendants() if name in _read(pid, "cmdline")]

    def workers(self) -> list[int]:
        return self.named("spawn_main")


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet reaped does not."""
    stat = _read(pid, "stat")
    return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"


def _parents() -> Iterator[tuple[int, int]]:
    for process in Path("/proc").glob("[0-9]*"):
        pid = int(process.name)
        if stat := _read(pid, "stat"):
            yield pid, int(stat.rpartition(")")[2].split()[1])


def _read(pid: int, what: str) -> str:
    """What the system tells of a process; nothing once it has ended, at whatever moment that is."""
    try:
        return Path(f"/proc/{pid}/{what}").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
