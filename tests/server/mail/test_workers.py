"""Several workers at once, as processes of their own, and one that is killed (security page, *Faults*)."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.server.mail.desk import Desk
from tests.server.mail.post_office import LONG_ENOUGH_S, PostOffice

pytestmark = pytest.mark.asyncio
PROGRAM = Path(__file__).with_name("worker_process.py")
Process = asyncio.subprocess.Process
Start = Callable[[float], Awaitable[Process]]


@pytest_asyncio.fixture
async def start(database_url: str, office: PostOffice) -> AsyncIterator[Start]:
    """Starts a worker with an SMTP time-out in seconds; its lease is three times that."""
    started: list[Process] = []

    async def one(timeout_s: float) -> Process:
        module = "tests.server.mail." + PROGRAM.stem
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, database_url, str(office.port), str(timeout_s)),
            cwd=PROGRAM.parents[3],
            stdout=asyncio.subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout
        assert await asyncio.wait_for(process.stdout.readline(), LONG_ENOUGH_S) == b"at work\n"
        return process

    yield one
    for process in started:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), LONG_ENOUGH_S)


async def test_two_workers_send_no_mail_twice(desk: Desk, office: PostOffice, start: Start) -> None:
    mails = [await desk.put(desk.code_mail(f"before{n}@poste.example")) for n in range(100)]
    await asyncio.gather(start(10), start(10))
    mails += [await desk.put(desk.code_mail(f"during{n}@poste.example")) for n in range(100)]
    for mail in mails:
        await desk.row_when(mail, "sent_at")
    assert sorted(office.recipients()) == sorted(mail.recipient for mail in mails)


async def test_a_worker_that_stops_leaves_nothing_behind(desk: Desk, office: PostOffice, start: Start) -> None:
    """As in a rolling restart: the old one finishes what it has, the new one takes the rest."""
    mails = [await desk.put(desk.code_mail(f"p{n}@poste.example")) for n in range(100)]
    old = await start(10)
    await office.mail(10)
    old.terminate()
    assert await asyncio.wait_for(old.wait(), LONG_ENOUGH_S) == 0
    await start(10)
    for mail in mails:
        await desk.row_when(mail, "sent_at")
    assert sorted(office.recipients()) == sorted(mail.recipient for mail in mails)


async def test_a_killed_worker_loses_no_mail(desk: Desk, office: PostOffice, start: Start) -> None:
    """Killed after the server has taken the mail and before it was told so: a duplicate, with the same Message-ID."""
    answer = asyncio.Event()

    async def hold() -> None:
        await answer.wait()

    office.on_data = hold
    mail = await desk.put(desk.code_mail())
    victim = await start(0.5)
    await office.mail()
    victim.kill()
    await victim.wait()
    answer.set()
    assert (await desk.row(mail))["sent_at"] is None
    await start(0.5)
    await desk.row_when(mail, "sent_at")
    assert {taken["Message-ID"] for _, taken in office.mails} == {mail.message_id}
    assert len(office.mails) == 2
