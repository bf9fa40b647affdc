"""One data folder for the embedded engines: who holds it, and the child processes that run in it.

As root the programs run as ``nobody``, without any capability, and no folder is opened for them: each enters
its data folder before it drops its privileges and calls it `HERE` from then on, so parents may stay closed.
"""

import asyncio
import fcntl
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

HERE = "/proc/self/cwd"
# For sockets, whose path holds 107 bytes. Not $TMPDIR, which may be long or closed to the engines' user.
_SHORT = Path("/tmp")  # noqa: S108  # mkdtemp keeps strangers out
# For the engines of a killed launcher to end by themselves; then as long again for them to be killed.
_PATIENCE_S = 5.0
_STOP_S = 20.0
_POLL_S = 0.02
_LOG_BYTES = 1_000_000


class EnginesUnavailable(RuntimeError):
    """The embedded engines cannot start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class EngineProcess:
    """A program of an engine at work, and its log."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    async def wait_for(self, attempt: Callable[[], Awaitable[object]], *not_yet: type[Exception]) -> None:
        """Attempt until it no longer raises `not_yet`. Raises EnginesUnavailable if the program ends."""
        while self.process.poll() is None:
            with suppress(*not_yet):
                await attempt()
                return
            await asyncio.sleep(_POLL_S)
        self.fail("stopped while starting")

    def fail(self, what: str) -> NoReturn:
        """Raise EnginesUnavailable with the last lines of the log."""
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
        raise EnginesUnavailable(f"The embedded {self.name} {what}; {self.log} ends with:\n{tail}")

    def end(self, how: signal.Signals) -> None:
        """Ask it to end, and kill it if it has not within 20 s."""
        self.process.send_signal(how)
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class EngineFolder:
    """A data folder that this process holds. Every step puts its undoing on the stack that it was given."""

    def __init__(self, path: Path, undo: ExitStack) -> None:
        """Make the folder (0700) where missing and take it. Raises EnginesUnavailable if another holds it."""
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise EnginesUnavailable(
                "The embedded engines need Linux and setpriv (package util-linux): install it, or set DATABASE_URL and REDIS_URL."
            )
        self.path = path
        self._undo = undo
        self._root = os.geteuid() == 0
        nobody = pwd.getpwnam("nobody") if self._root else None  # PostgreSQL refuses root
        self._owner = (nobody.pw_uid, nobody.pw_gid) if nobody else (-1, -1)  # -1 leaves as is
        drop = [f"--reuid={self._owner[0]}", f"--regid={self._owner[1]}", "--clear-groups"] if nobody else []
        self._setpriv = [setpriv, "--no-new-privs", *drop]
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        itself = path.stat()
        self.mark = f"portillon-{itself.st_dev:x}-{itself.st_ino:016x}"  # in each engine's command line
        self._lock = self._claim()
        self.sockets = self._make_sockets_folder()

    def subfolder(self, name: str) -> Path:
        """Make a folder of the engines' user, closed to all others."""
        path = self.path / name
        path.mkdir(mode=0o700, exist_ok=True)
        os.chown(path, *self._owner)
        return path

    def spawn(
        self, name: str, data: Path, command: Sequence[Path | str], end_by: signal.Signals, stdin: str = ""
    ) -> EngineProcess:
        """Start a program in its data folder: unprivileged, without our environment, ending with us."""
        log = self.path / f"{data.stem}.log"
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        log.touch(mode=0o600)
        with log.open("ab") as output, os.fdopen(os.memfd_create("stdin"), "wb+") as given:
            given.write(stdin.encode())
            given.seek(0)
            process = subprocess.Popen(  # noqa: S603  # our own command
                [*self._setpriv, f"--pdeathsig={end_by.name.removeprefix('SIG')}", "--", *command],
                cwd=data,
                env={"PATH": os.defpath, "TZ": "UTC"},
                umask=0o077,
                pass_fds=[self._lock],
                start_new_session=True,  # Ctrl-C is for the launcher, which stops the engines in order
                stdin=given,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        engine = EngineProcess(name, process, log)
        self._undo.callback(engine.end, end_by)
        return engine

    def program(self, package: str, *inside: str) -> Path:
        """Find a program of an installed wheel. Raises EnginesUnavailable when it is not installed."""
        found = find_spec(package)
        if found is None or found.origin is None:
            raise EnginesUnavailable(
                f'{package} is not installed: pip install "portillon[embedded]", or set DATABASE_URL and REDIS_URL.'
            )
        original = Path(found.origin)
        closed = self._root and not all(folder.stat().st_mode & stat.S_IXOTH for folder in original.parents)
        return (self._open_copy(original.parent) if closed else original.parent).joinpath(*inside)

    def _open_copy(self, package: Path) -> Path:
        """Copy a package closed to the engines' user: PostgreSQL finds its files by real path only."""
        for part in (package, package.with_name(f"{package.name}.libs")):  # where auditwheel puts libpq
            copy = self.sockets / part.name
            if part.exists() and not copy.exists():
                shutil.copytree(part, copy, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include"))
                for path in (copy, *copy.rglob("*")):
                    os.chown(path, *self._owner, follow_symlinks=False)
        return self.sockets / package.name

    def _claim(self) -> int:
        """Lock the folder. The engines inherit the second lock: it frees when their last process ends."""
        if not _try_lock(self._open_lock("launcher.lock")):
            raise EnginesUnavailable(f"Another server uses {self.path}: stop it, or choose another data folder.")
        lock = self._open_lock("engines.lock")
        begun = time.monotonic()
        while not _try_lock(lock):
            waited = time.monotonic() - begun
            if waited > 2 * _PATIENCE_S:
                raise EnginesUnavailable(f"Engines of an earlier run still hold {self.path}: end them, then start again.")
            if waited > _PATIENCE_S:
                self._kill_leftovers()
            time.sleep(_POLL_S)
        return lock

    def _kill_leftovers(self) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
                engine = (process / "comm").read_text().strip() in {"postgres", "valkey-server"}
                if engine and self.mark in (process / "cmdline").read_text(errors="replace"):
                    os.kill(int(process.name), signal.SIGKILL)

    def _open_lock(self, name: str) -> int:
        lock = os.open(self.path / name, os.O_RDWR | os.O_CREAT, 0o600)
        self._undo.callback(os.close, lock)
        return lock

    def _make_sockets_folder(self) -> Path:
        for stale in _SHORT.glob(f"{self.mark}-*"):  # we hold the folder, so a killed launcher left these
            shutil.rmtree(stale, ignore_errors=True)
        sockets = Path(tempfile.mkdtemp(prefix=f"{self.mark}-", dir=_SHORT))
        self._undo.callback(shutil.rmtree, sockets, ignore_errors=True)
        os.chown(sockets, *self._owner)
        return sockets


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
