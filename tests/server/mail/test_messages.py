"""What the mails say and how they are made (product page, section 1, step 3)."""

import email
import email.policy
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from server import policy
from server.mail.messages import Messages
from server.records.outbox import OutgoingMail
from server.settings import SiteSettings
from tests.server.mail.desk import SENDER

ASKED_AT = datetime(2026, 11, 21, 22, 50, tzinfo=UTC)  # 23 h 50 in Paris
TO = "claire@poste.example"
Write = Callable[[Messages], OutgoingMail]

LOGIN_CODE: Write = lambda messages: messages.login_code(  # noqa: E731
    to=TO,
    code="048291",
    reference="AC34",
    asked_from="Firefox, Linux",
    asked_at=ASKED_AT,
    expires_at=ASKED_AT + policy.LOGIN_CODE_LIFE,
)
UNTIL = ASKED_AT + timedelta(days=60)
ALL: dict[str, Write] = {
    "login-code": LOGIN_CODE,
    "device-added": lambda m: m.device_added(to=TO, browser="Safari, iPhone", at=ASKED_AT, until=UNTIL),
    "device-ended": lambda m: m.device_ended(to=TO, browser="Safari, iPhone", at=ASKED_AT),
    "device-expiring": lambda m: m.device_expiring(to=TO, browser="Safari, iPhone", at=ASKED_AT, until=UNTIL),
    "biometric-added": lambda m: m.biometric_added(to=TO, browser="Safari, iPhone", at=ASKED_AT, until=UNTIL),
    "biometric-copied": lambda m: m.biometric_copied(to=TO, browser="Safari, iPhone", at=ASKED_AT),
    "biometric-expiring": lambda m: m.biometric_expiring(to=TO, browser="Safari, iPhone", at=ASKED_AT, until=UNTIL),
}
every = pytest.mark.parametrize("write", ALL.values(), ids=ALL.keys())


def read(mail: OutgoingMail) -> EmailMessage:
    message = email.message_from_bytes(mail.body, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def parts(mail: OutgoingMail) -> tuple[str, str]:
    """The text part, and the HTML part as it is read: without tags and style."""
    message = read(mail)
    text, page = message.get_body(("plain",)), message.get_body(("html",))
    assert text
    assert page
    words = re.sub(r"<style>.*?</style>|<[^>]+>", "", page.get_content(), flags=re.DOTALL)
    return text.get_content().replace("\r\n", "\n"), words.replace("&nbsp;", " ")


def squeeze(text: str) -> str:
    """All spaces alike, so that facts are found wherever lines break."""
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize(
    "fact",
    [
        "048291",
        "AC34",
        "15 minutes",
        "jusqu’à 0 h 05",
        "Firefox, Linux",
        "21 novembre 2026 à 23 h 50",
        "demandez un nouveau code",
        "strictement personnel",
        "téléphone",
        "Vous n’avez pas demandé ce code ?",
        "01 99 00 36 46",
        "automatique",
        "ne pas y répondre",
    ],
)
def test_login_code_says_what_the_product_asks_in_both_parts(messages: Messages, fact: str) -> None:
    for part in parts(LOGIN_CODE(messages)):
        assert fact.lower() in squeeze(part).lower()


def test_code_has_a_line_of_its_own_and_no_other_line_is_like_it(messages: Messages) -> None:
    text, _ = parts(LOGIN_CODE(messages))
    assert re.findall(r"^\s*(\d[\d\s]*\d)\s*$", text, flags=re.MULTILINE) == ["048291"]


def test_code_is_not_what_a_locked_screen_shows(messages: Messages) -> None:
    mail = LOGIN_CODE(messages)
    page = read(mail).get_body(("html",))
    assert page
    preview = re.search(r"<body.*?<div[^>]*>(.*?)</div>", page.get_content(), flags=re.DOTALL)
    assert preview
    assert "Firefox, Linux" in preview[1]
    assert "048291" not in preview[1]
    assert "048291" not in str(read(mail)["Subject"])
    assert "AC34" in str(read(mail)["Subject"])


@every
def test_headers(messages: Messages, write: Write) -> None:
    mail = write(messages)
    message = read(mail)
    assert message["To"] == mail.recipient == TO
    assert str(message["From"]) == f"{SiteSettings().insurer_name} <{SENDER}>"
    assert message["Message-ID"] == mail.message_id == f"<{mail.id}@assurance.example>"
    assert message["Date"].datetime == ASKED_AT
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Portillon-Kind"] == mail.kind
    assert message["Subject"]
    assert message["X-Portillon-Reference"] == ("AC34" if mail.kind == "login-code" else None)


@every
def test_any_server_can_carry_it(messages: Messages, write: Write) -> None:
    body = write(messages).body
    assert body.isascii()
    assert max(len(line) for line in body.split(b"\r\n")) <= 78
    assert b"\n" not in body.replace(b"\r\n", b"")


@every
def test_nothing_is_fetched_and_nothing_is_to_be_clicked(messages: Messages, write: Write) -> None:
    page = read(write(messages)).get_body(("html",))
    assert page
    assert not re.search(r"https?:|<img|<a\b|url\(|<script|<link|@import", page.get_content())


@every
def test_french_typography(messages: Messages, write: Write) -> None:
    mail = write(messages)
    for part in (*parts(mail), str(read(mail)["Subject"])):
        assert not re.search(r"[\w»)] +[;:!?»]", part), "a plain space before a sign that needs one that holds"
        assert not re.search(r"\w[;!?]", part), "no space before ; ! ?"
        assert not re.search(r"« ", part)
        assert "'" not in part
        assert "..." not in part
    assert "\u202f?" in parts(mail)[0]


@every
def test_both_parts_say_the_same(messages: Messages, write: Write) -> None:
    text, page = (re.findall(r"[\w’]+", squeeze(part).lower()) for part in parts(write(messages)))
    assert set(text) - {"–"} <= set(page) | {"code", "sécurité", "votre"}


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("device-added", ["Safari, iPhone", "21 novembre 2026 à 23 h 50", "20 janvier 2027", "Mes appareils et biométrie"]),
        (
            "device-ended",
            ["Safari, iPhone", "21 novembre 2026 à 23 h 50", "copié", "01 99 00 36 46", "Mes appareils et biométrie"],
        ),
        ("device-expiring", ["Safari, iPhone", "20 janvier 2027 à 23 h 50", "rien à faire", "Se souvenir de cet appareil"]),
        (
            "biometric-added",
            [
                *("Safari, iPhone", "21 novembre 2026 à 23 h 50", "20 janvier 2027", "ni mot de passe, ni code"),
                *("personne d’autre", "Ce n’était pas vous ?", "Mes appareils et biométrie", "01 99 00 36 46"),
            ],
        ),
        (
            "biometric-copied",
            [
                *("Safari, iPhone", "21 novembre 2026 à 23 h 50", "Par précaution", "Personne n’est entré", "une copie"),
                *("votre mot de passe et un code", "Mes appareils et biométrie", "01 99 00 36 46"),
            ],
        ),
        (
            "biometric-expiring",
            [
                *("Safari, iPhone", "20 janvier 2027 à 23 h 50", "votre mot de passe et un code"),
                *("Renouveler sur cet appareil", f"{policy.BIOMETRIC_MONTHS} mois", "Mes appareils et biométrie"),
            ],
        ),
    ],
)
def test_what_happened_until_when_and_what_to_do(messages: Messages, kind: str, facts: list[str]) -> None:
    for part in parts(ALL[kind](messages)):
        for fact in facts:
            assert fact.lower() in squeeze(part).lower()


@pytest.mark.parametrize("kind", ["device-expiring", "biometric-expiring"])
def test_the_subject_of_a_reminder_tells_the_date(messages: Messages, kind: str) -> None:
    assert "20 janvier 2027" in squeeze(str(read(ALL[kind](messages))["Subject"]))


def test_a_reminder_is_not_sent_after_the_end(messages: Messages) -> None:
    soon = ASKED_AT + timedelta(days=1)
    for write in (messages.device_expiring, messages.biometric_expiring):
        assert write(to=TO, browser="Edge", at=ASKED_AT, until=soon).expires_at == soon
        assert write(to=TO, browser="Edge", at=ASKED_AT, until=UNTIL).expires_at == ASKED_AT + policy.MAIL_GIVEN_UP_AFTER


def test_expiry(messages: Messages) -> None:
    assert LOGIN_CODE(messages).expires_at == ASKED_AT + policy.LOGIN_CODE_LIFE
    assert ALL["device-ended"](messages).expires_at == ASKED_AT + policy.MAIL_GIVEN_UP_AFTER


def test_a_browser_label_is_but_words(messages: Messages) -> None:
    label = "<b>Evil</b>\r\n\r\n123456\x00 & co"
    mail = messages.device_ended(to=TO, browser=label, at=ASKED_AT)
    page = read(mail).get_body(("html",))
    assert page
    assert "&lt;b&gt;Evil" in page.get_content()
    assert "<b>" not in page.get_content()
    assert "Appareil\u00a0: <b>Evil</b> 123456 & co\n" in parts(mail)[0]


@pytest.mark.parametrize(
    "address",
    [
        "claire@poste.example\r\nBcc: eve@evil.example",
        "claire@poste.example\nX: y",
        "claire@poste.example\r",
        "claire@poste.example\x00",
        "claire@poste.example, eve@evil.example",
        "claire@poste.example eve@evil.example",
        "Claire <claire@poste.example>",
        "<claire@poste.example>",
        "élise@poste.example",
        "claire",
        "@poste.example",
        "claire@",
        "",
    ],
)
def test_an_address_that_is_not_one_is_refused(messages: Messages, address: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        messages.device_ended(to=address, browser="Edge", at=ASKED_AT)


def test_no_two_mails_share_their_id(messages: Messages) -> None:
    assert LOGIN_CODE(messages).message_id != LOGIN_CODE(messages).message_id


def test_names_are_settings(messages: Messages) -> None:
    other = Messages(
        SiteSettings(insurer_name="Caisse “Été”, <Nord>", helpline="01 99 00 00 01"),
        SENDER,
        messages._randomness,  # noqa: SLF001
    )
    mail = LOGIN_CODE(other)
    assert read(mail)["From"].addresses[0].display_name == "Caisse “Été”, <Nord>"
    for part in parts(mail):
        assert "01 99 00 00 01" in squeeze(part)
        assert "36 46" not in part
