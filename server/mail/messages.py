"""The mails we write: their words stand in `templates/kinds`, once for the text and the HTML part."""

import re
import textwrap
from collections.abc import Callable, Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Literal

from minijinja import Environment

from server import policy
from server.randomness import Randomness
from server.records.outbox import OutgoingMail
from server.settings import SiteSettings
from server.wording import french

# RFC 5321, section 4.1.2: a dot-string, an at sign, a domain; quoted local parts and address literals left out.
_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_ADDRESS_LENGTH = 254

_FOLDER = Path(__file__).parent / "templates"
_FILTERS: Mapping[str, Callable[..., str]] = {
    "paris_date": french.paris_date,
    "paris_time": french.paris_time,
    "paris_datetime": french.paris_datetime,
    "duration": french.duration,
    "counted": french.counted,
    # Breaks at plain spaces only, so what U+00A0 joins stays together.
    "wrap": lambda text: textwrap.fill(text, width=72, break_long_words=False, break_on_hyphens=False),
}


class Messages:
    """Writes the mails of one site. Templates are compiled at the first use of each.

    Every method takes the recipient's address (`to`) and aware instants, and raises ValueError where the
    address is not one that a mail can be sent to: not ASCII, no domain, a line break.
    """

    def __init__(self, site: SiteSettings, sender: str, randomness: Randomness) -> None:
        self._sender = Address(site.insurer_name, addr_spec=sender)
        self._randomness = randomness
        self._environment = Environment(
            loader=_load,
            undefined_behavior="strict",
            trim_blocks=True,
            lstrip_blocks=True,
            debug=False,
            filters=_FILTERS,
            globals={
                "policy": policy,
                "service_name": site.service_name,
                "insurer_name": site.insurer_name,
                "helpline": site.helpline.replace(" ", french.NO_BREAK_SPACE),
            },
        )

    def login_code(
        self, *, to: str, code: str, reference: str, asked_from: str, asked_at: datetime, expires_at: datetime
    ) -> OutgoingMail:
        """The code to log in with. `asked_from` is a browser's label; the page shows `reference` too."""
        return self._write(
            "login-code",
            to,
            asked_at,
            expires_at=expires_at,
            reference=reference,
            values={
                "code": code,
                "reference": reference,
                "asked_from": _one_line(asked_from),
                "asked_at": asked_at,
                "expires_at": expires_at,
                "life": policy.LOGIN_CODE_LIFE,
            },
        )

    def device_added(self, *, to: str, browser: str, at: datetime, until: datetime) -> OutgoingMail:
        """A browser is trusted from now on."""
        return self._write("device-added", to, at, values={"browser": _one_line(browser), "at": at, "until": until})

    def device_ended(self, *, to: str, browser: str, at: datetime) -> OutgoingMail:
        """An old copy of a trusted browser's token was used, which ended the trust.

        Source: security page, *Sessions and devices*.
        """
        return self._write("device-ended", to, at, values={"browser": _one_line(browser), "at": at})

    def biometric_added(self, *, to: str, browser: str, at: datetime, until: datetime) -> OutgoingMail:
        """A fingerprint or a face lets in from now on."""
        return self._write("biometric-added", to, at, values={"browser": _one_line(browser), "at": at, "until": until})

    def biometric_copied(self, *, to: str, browser: str, at: datetime) -> OutgoingMail:
        """A credential's counter did not rise: it may have been copied (WebAuthn Level 3, section 7.2, step 22)."""
        return self._write("biometric-copied", to, at, values={"browser": _one_line(browser), "at": at})

    def biometric_expiring(self, *, to: str, browser: str, until: datetime, at: datetime) -> OutgoingMail:
        """A credential's end is near; not sent any more once it has come."""
        return self._write_expiring("biometric-expiring", to, browser, until, at, policy.BIOMETRIC_MONTHS)

    def device_expiring(self, *, to: str, browser: str, until: datetime, at: datetime) -> OutgoingMail:
        """A trusted browser's end is near; not sent any more once it has come."""
        return self._write_expiring("device-expiring", to, browser, until, at, policy.TRUSTED_DEVICE_MONTHS)

    def _write_expiring(self, kind: str, to: str, browser: str, until: datetime, at: datetime, months: int) -> OutgoingMail:
        values = {"browser": _one_line(browser), "until": until, "months": months}
        return self._write(kind, to, at, expires_at=min(until, at + policy.MAIL_GIVEN_UP_AFTER), values=values)

    def _write(
        self,
        kind: str,
        to: str,
        now: datetime,
        *,
        values: Mapping[str, object],
        expires_at: datetime | None = None,
        reference: str | None = None,
    ) -> OutgoingMail:
        mail_id = self._randomness.uuid()
        message_id = f"<{mail_id}@{self._sender.domain}>"
        recipient = _address(to)
        subject, _, text = self._render(kind, ".txt", values).partition("\n")
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = recipient
        message["Subject"] = subject
        message["Date"] = now
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot answers this
        message["X-Portillon-Kind"] = kind
        if reference:
            message["X-Portillon-Reference"] = reference
        # Quoted-printable whatever the words, so that no server on the way has to be able to carry 8 bits.
        message.set_content(text.lstrip("\n"), cte="quoted-printable")
        message.add_alternative(self._render(kind, ".html", values), subtype="html", cte="quoted-printable")
        return OutgoingMail(
            id=mail_id,
            kind=kind,
            recipient=recipient.addr_spec,
            message_id=message_id,
            body=message.as_bytes(),
            expires_at=expires_at or now + policy.MAIL_GIVEN_UP_AFTER,
        )

    def _render(self, kind: str, form: Literal[".txt", ".html"], values: Mapping[str, object]) -> str:
        return self._environment.render_template(kind + form, form=form, **values)


def _load(name: str) -> str | None:
    """A kind's words are one template under two names: the ending says whether values are escaped."""
    for file in (_FOLDER / name, _FOLDER / "kinds" / f"{Path(name).stem}.txt"):
        if file.is_file():
            return file.read_text("utf-8")
    return None


def _address(text: str) -> Address:
    if len(text) > _ADDRESS_LENGTH or not _ADDRESS.fullmatch(text):
        raise ValueError("not an address that a mail can be sent to")
    return Address(addr_spec=text)


def _one_line(label: str) -> str:
    """A label that came from a request, without line breaks or other surprises for the text part."""
    return " ".join("".join(c if c.isprintable() else " " for c in label).split())
