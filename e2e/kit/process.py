"""Starts a demo as a process of its own, for a suite or a benchmark."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ADDRESS = re.compile(r"http://localhost:\d+")


@dataclass(frozen=True, slots=True)
class RunningDemo:
    """A demo that answers. `log` holds what it writes to standard error."""

    url: str
    pid: int
    log: Path


@contextmanager
def running_demo(folder: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[RunningDemo]:
    """A demo on a free port with its data in `folder`; at the end it must stop cleanly.

    Raises RuntimeError, with the end of its log, where it does not start or does not stop as it should.
    """
    command = [str(Path(sys.executable).with_name("portillon")), "demo", "--port", "0", "--data", str(folder), *options]
    log = folder.with_name(f"{folder.name}.log")
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, **(environment or {})}
        ) as process,
    ):
        try:
            yield RunningDemo(_address(process, log), process.pid, log)
        finally:
            process.terminate()
            if process.wait(60) != 0:
                raise RuntimeError(f"the demo did not stop cleanly:\n{_end_of(log)}")


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """Where it says that it answers."""
    for line in process.stdout or ():
        if found := _ADDRESS.search(line):
            return found[0]
    raise RuntimeError(f"the demo did not start:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_text("utf-8", errors="replace")[-4000:]
