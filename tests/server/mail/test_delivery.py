"""From commit to the SMTP server, and what becomes of a mail when that goes wrong (security page, *Faults*)."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
import structlog.testing

from server.mail import delivery
from server.records import outbox
from server.records.database import DATABASE_AWAY, fetch
from tests.server.mail.conftest import Working
from tests.server.mail.desk import NOON, Desk, MovableClock, mail_settings
from tests.server.mail.post_office import LONG_ENOUGH_S, PostOffice

pytestmark = pytest.mark.asyncio
QUARTER = timedelta(minutes=15)
STUCK = "stuck@poste.example"


async def test_a_mail_is_sent_at_once_and_its_body_dropped(
    desk: Desk, office: PostOffice, working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LOOK_EVERY_S", 10 * LONG_ENOUGH_S)  # so that only the notice wakes it
    async with working(mail_settings(office)):
        before = await desk.put(desk.code_mail("before@poste.example"))
        await desk.row_when(before, "sent_at")
        mail = await desk.put(desk.code_mail())
        taken = await office.mail(2)
        assert taken["Message-ID"] == mail.message_id
        row = await desk.row_when(mail, "sent_at")
        assert (row["body"], row["sent_at"], row["tries"], row["last_error"]) == (None, NOON, 1, None)


async def test_what_was_left_is_sent_at_start(desk: Desk, office: PostOffice, working: Working) -> None:
    mails = [await desk.put(desk.code_mail(f"p{n}@poste.example")) for n in range(20)]
    async with working(mail_settings(office, connections=3)):
        await office.mail(20)
    assert sorted(office.recipients()) == sorted(mail.recipient for mail in mails)
    assert office.connections <= 3


@pytest.mark.parametrize("space", ["", "elsewhere"])
async def test_an_expired_code_is_dropped_and_never_sent(
    desk: Desk, office: PostOffice, working: Working, clock: MovableClock, space: str
) -> None:
    late = await desk.put(desk.code_mail("late@poste.example", space=space), space=space)
    clock.advance(QUARTER, space)
    in_time = await desk.put(desk.code_mail("in-time@poste.example", space=space), space=space)
    other = await desk.put(desk.code_mail("other@poste.example", space="third"), space="third")
    async with working(mail_settings(office)):
        row = await desk.row_when(late, "dropped_at")
        await desk.row_when(in_time, "sent_at")
        await desk.row_when(other, "sent_at")
    assert (row["body"], row["last_error"], row["dropped_at"]) == (None, "expired", NOON + QUARTER)
    assert sorted(office.recipients()) == ["in-time@poste.example", "other@poste.example"]


async def test_a_code_that_expires_while_the_server_greets_is_not_sent(
    desk: Desk, office: PostOffice, working: Working, clock: MovableClock
) -> None:
    office.on_connect = lambda: clock.advance(QUARTER)
    mail = await desk.put(desk.code_mail())
    async with working(mail_settings(office)):
        assert (await desk.row_when(mail, "dropped_at"))["last_error"] == "expired"
    assert office.mails == []
    assert "RCPT" not in office.commands


async def test_twenty_minutes_without_server(
    desk: Desk, office: PostOffice, working: Working, clock: MovableClock, machine: MovableClock
) -> None:
    await office.close()
    code = await desk.put(desk.code_mail("code@poste.example"))
    notice = desk.messages.device_ended(to="notice@poste.example", browser="Edge", at=NOON)
    await desk.put(notice)
    async with working(mail_settings(office)):
        await desk.row_when(code, "last_error")
        assert "ConnectError" in str((await desk.row_when(notice, "last_error"))["last_error"])
        for moved in (clock, machine):
            moved.advance(timedelta(minutes=20))
        await office.open()
        await desk.nudge()
        await desk.row_when(code, "dropped_at")
        await desk.row_when(notice, "sent_at")
    assert office.recipients() == ["notice@poste.example"]


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_refusal_for_now_is_tried_again_as_the_same_mail(
    desk: Desk, office: PostOffice, working: Working, machine: MovableClock, command: str
) -> None:
    office.answers[command] = ["451 greylisted"]
    mail = await desk.put(desk.code_mail())
    async with working(mail_settings(office)):
        row = await desk.row_when(mail, "last_error")
        assert "451" in str(row["last_error"])
        assert row["next_try_at"] == NOON + timedelta(seconds=2)
        assert office.mails == []
        machine.advance(timedelta(seconds=2))
        await desk.nudge()
        assert (await office.mail())["Message-ID"] == mail.message_id
        assert (await desk.row_when(mail, "sent_at"))["last_error"] is None


async def test_one_refused_for_good_is_dropped_and_harms_no_other(desk: Desk, office: PostOffice, working: Working) -> None:
    office.answers["RCPT"] = ["550 no such mailbox"]
    async with working(mail_settings(office, connections=1)):
        refused = await desk.put(desk.code_mail("nobody@poste.example"))
        row = await desk.row_when(refused, "dropped_at")
        assert (row["body"], row["last_error"]) == (None, "550 no such mailbox")
        await desk.row_when(await desk.put(desk.code_mail()), "sent_at")
    assert office.recipients() == ["claire@poste.example"]


@pytest.mark.parametrize("address", [STUCK, f"data:{STUCK}"])
async def test_a_tarpit_holds_one_mail_for_its_time_out_and_no_other(
    desk: Desk, office: PostOffice, working: Working, machine: MovableClock, address: str
) -> None:
    office.stuck = {address}
    async with working(mail_settings(office, timeout_s=1.0, connections=2)):
        stuck = await desk.put(desk.code_mail(STUCK))
        await office.until(lambda: "RCPT" in office.commands)
        others = [await desk.put(desk.code_mail(f"p{n}@poste.example")) for n in range(5)]
        for other in others:
            await desk.row_when(other, "sent_at")
        assert (await desk.row(stuck))["last_error"] is None, "the others went while it was stuck"
        assert "TimeoutError" in str((await desk.row_when(stuck, "last_error"))["last_error"])
        office.stuck.clear()
        machine.advance(timedelta(seconds=2))
        await desk.nudge()
        await desk.row_when(stuck, "sent_at")


async def test_a_server_that_greets_nobody_holds_a_mail_for_its_time_out(desk: Desk, working: Working) -> None:
    silent = await asyncio.start_server(lambda _reader, _writer: None, "localhost", 0)
    office = PostOffice()
    office.port = silent.sockets[0].getsockname()[1]
    mail = await desk.put(desk.code_mail())
    async with working(mail_settings(office, timeout_s=0.2)):
        assert "Timeout" in str((await desk.row_when(mail, "last_error"))["last_error"])
    silent.close()


async def test_a_server_that_is_slow_at_each_step_is_bounded_over_all(desk: Desk, office: PostOffice, working: Working) -> None:
    office.pause_s = 0.6
    mail = await desk.put(desk.code_mail())
    async with working(mail_settings(office, timeout_s=1.0)):
        assert "Timeout" in str((await desk.row_when(mail, "last_error"))["last_error"])
    assert office.mails == []


async def test_no_starttls_no_mail(desk: Desk, office: PostOffice, working: Working) -> None:
    mail = await desk.put(desk.code_mail())
    async with working(mail_settings(office, security="starttls")):
        assert "STARTTLS" in str((await desk.row_when(mail, "last_error"))["last_error"])
    assert office.commands == []


async def listeners() -> set[int]:
    sql = "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()"
    return {row["pid"] for row in await fetch(sql, outbox.CHANNEL)}


async def test_notices_come_back_after_the_database_cut_them_off(
    desk: Desk, office: PostOffice, working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LOOK_EVERY_S", 10 * LONG_ENOUGH_S)
    async with working(mail_settings(office)):
        await desk.row_when(await desk.put(desk.code_mail()), "sent_at")
        (pid,) = await listeners()
        await fetch("SELECT pg_terminate_backend($1)", pid)
        async with asyncio.timeout(LONG_ENOUGH_S):
            while not await listeners() - {pid}:
                await asyncio.sleep(0.01)
        await desk.row_when(await desk.put(desk.code_mail()), "sent_at")


async def test_sent_is_noted_once_the_database_is_back(desk: Desk, office: PostOffice, working: Working) -> None:
    async def cut_every_connection() -> None:
        office.on_data = desk.nudge
        with suppress(*DATABASE_AWAY):
            await fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()")

    office.on_data = cut_every_connection
    mail = await desk.put(desk.code_mail())
    async with working(mail_settings(office)):
        await office.mail()
        await desk.row_when(mail, "sent_at")
        await desk.row_when(await desk.put(desk.code_mail("next@poste.example")), "sent_at")
    assert office.recipients() == ["claire@poste.example", "next@poste.example"]


async def test_stop_finishes_what_is_under_way(desk: Desk, office: PostOffice, working: Working) -> None:
    mail = await desk.put(desk.code_mail())
    async with working(mail_settings(office)) as stop:
        await office.until(lambda: "DATA" in office.commands)
        stop.set()
    assert (await desk.row(mail))["sent_at"] == NOON
    assert len(office.mails) == 1


async def test_stop_does_not_wait_for_a_tarpit(desk: Desk, office: PostOffice, working: Working) -> None:
    office.stuck = {STUCK}
    mail = await desk.put(desk.code_mail(STUCK))
    async with asyncio.timeout(LONG_ENOUGH_S), working(mail_settings(office, timeout_s=0.3)):
        await office.until(lambda: "RCPT" in office.commands)
    row = await desk.row(mail)
    assert (row["sent_at"], row["dropped_at"]) == (None, None)
    assert row["body"]


async def test_a_body_that_no_key_opens_is_kept_for_the_key_to_return(desk: Desk, office: PostOffice, working: Working) -> None:
    mail = await desk.put(desk.code_mail())
    await fetch("UPDATE outbox_message SET body = $1", b"sealed with another key" * 4)
    async with working(mail_settings(office)):
        row = await desk.row_when(mail, "last_error")
    assert "ValueError" in str(row["last_error"])
    assert row["body"]


async def test_log_lines_name_the_mail_and_nobody(desk: Desk, office: PostOffice, working: Working) -> None:
    office.answers["RCPT"] = ["550 nobody@poste.example unknown", "451 wait, claire@poste.example"]
    with structlog.testing.capture_logs() as lines:
        async with working(mail_settings(office, connections=1)):
            refused = await desk.put(desk.code_mail("nobody@poste.example"))
            await desk.row_when(refused, "dropped_at")
            failed = await desk.put(desk.code_mail())
            await desk.row_when(failed, "last_error")
            sent = await desk.put(desk.code_mail("paul@poste.example"))
            await desk.row_when(sent, "sent_at")
    outcomes = {line["mail"]: line["event"] for line in lines if "mail" in line}
    assert outcomes == {
        str(refused.id): "mail refused",
        str(failed.id): "mail failed",
        str(sent.id): "mail sent",
    }
    assert "@" not in repr(lines)
    assert "048291" not in repr(lines)
