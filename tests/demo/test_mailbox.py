"""The mailbox: what the real SMTP server took, at once, and to whom it belongs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from demo.post_office import read
from tests.demo.conftest import NewVisitor
from tests.demo.visitor import LONG_ENOUGH_S, Visitor, slug


def test_a_long_poll_answers_when_the_mail_comes(visitor: Visitor, new_visitor: NewVisitor) -> None:
    person = visitor.person()
    visitor.log_in(person)
    with ThreadPoolExecutor() as beside:
        waiting = beside.submit(new_visitor().messages, to=person["email"], wait=LONG_ENOUGH_S)
        sent = visitor.ask().json()
        [message] = waiting.result()
    assert message["reference"] == sent["reference"]
    assert message["channel"] == "mail"
    assert message["kind"] == "login-code"
    assert message["to"] == person["email"]
    assert message["code"] in message["text"]
    assert message["link"] is None
    assert message["html"].lower().startswith("<!doctype html>")
    assert message["headers"]["Auto-Submitted"] == "auto-generated"
    assert message["subject"] == message["headers"]["Subject"]


def test_nothing_comes_and_the_wait_ends(visitor: Visitor) -> None:
    assert visitor.messages(to="nobody@boite.example", wait=0.2) == []


def test_newest_first_and_only_what_is_wanted(visitor: Visitor) -> None:
    person = visitor.person()
    visitor.log_in(person)
    first = visitor.code(person)
    between = visitor.move(advance="PT2M")["now"]
    newest, oldest = [], visitor.messages(to=person["email"])
    visitor.ask()
    while len(newest) < 2:
        newest = visitor.messages(to=person["email"], wait=LONG_ENOUGH_S, since=oldest[0]["id"]) + oldest
    assert oldest[0]["code"] == first
    assert [int(message["id"]) for message in newest] == sorted((int(message["id"]) for message in newest), reverse=True)
    address = person["email"].upper()
    assert [message["id"] for message in visitor.messages(to=address, since=between)] == [newest[0]["id"]]
    assert visitor.messages(to=address, kind="login-code") == newest
    assert visitor.messages(to=address, kind="device-added") == []
    assert newest[0] in visitor.messages(kind="login-code")


def test_a_mail_bears_the_time_of_its_writers_space(visitor: Visitor) -> None:
    person = visitor.person()
    now = visitor.move(now="2031-05-04T12:00:00+02:00")["now"]
    visitor.log_in(person)
    visitor.code(person)
    [message] = visitor.messages(to=person["email"], since=now)
    assert message["sent_at"].startswith("2031-05-04T10:0")


def test_the_mailbox_is_emptied_for_good(visitor: Visitor) -> None:
    person = visitor.person()
    visitor.log_in(person)
    visitor.code(person)
    last = visitor.messages(to=person["email"])[0]["id"]
    assert visitor.http.delete("/api/demo/messages").status_code == 204
    assert visitor.messages(to=person["email"]) == []
    assert visitor.messages() == []
    visitor.move(advance="PT2M")
    visitor.code(person)
    assert int(visitor.messages(to=person["email"])[0]["id"]) > int(last)


@pytest.mark.parametrize(
    "wrong",
    [{"wait": 31}, {"wait": -1}, {"wait": "nan"}, {"wait": "x"}, {"since": "yesterday"}, {"since": "2026-11-21T04:00:00"}],
)
def test_wrong_questions(visitor: Visitor, wrong: dict[str, object]) -> None:
    answer = visitor.http.get("/api/demo/messages", params=wrong)  # type: ignore[arg-type]
    assert (answer.status_code, slug(answer)) == (400, "invalid-request")
    assert answer.json()["errors"][0]["field"] == next(iter(wrong))


def _mail(text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "x"
    mail.set_content(text)
    return mail


@pytest.mark.parametrize(
    ("text", "code", "link"),
    [
        ("Votre code :\r\n\r\n    012345\r\n\r\nMerci.", "012345", None),
        ("Votre code :\n\n 0123 \n", "0123", None),
        ("Votre code :\n\n012\u202f345\n", "012345", None),
        ("Appelez le 01 99 00 36 46.\nRéférence : 4444\n", None, None),
        ("Suivez ce lien :\n<http://localhost:8000/adresse?jeton=ab-c_1>\n", None, "http://localhost:8000/adresse?jeton=ab-c_1"),
    ],
)
def test_code_and_link_are_read_out_of_the_text(text: str, code: str | None, link: str | None) -> None:
    message = read(_mail(text), "a@boite.example", datetime.now(UTC))
    assert (message.code, message.link) == (code, link)
