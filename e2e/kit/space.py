"""A space of a running demo: people of one's own, their mail, and a clock to move. No other test is met there."""

from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import uuid4

import httpx
import msgspec

# How long a mail may take on a busy machine. It is handed over as soon as it comes.
_MAIL_S = 20


class Person(msgspec.Struct, frozen=True):
    """An insured person, with what they know. `nir` is canonical, `nir_key` its two digits.

    `browser_cookie`: of `biometric-never`, the cookie `portillon-browser` of the browser where they said so.
    """

    persona: str
    nir: str
    nir_key: str
    password: str
    email: str | None
    first_names: str
    last_name: str
    closed_on: date | None
    browser_cookie: str | None = None

    @property
    def name(self) -> str:
        """As the service greets them."""
        return f"{self.first_names.split()[0]} {self.last_name}"


class Mail(msgspec.Struct, frozen=True):
    """A mail as it came. `code`, `link` and `reference` are read out of it, where it has them."""

    id: str
    kind: str
    to: str
    subject: str
    text: str
    html: str
    sent_at: datetime
    code: str | None
    link: str | None
    reference: str | None


class _Time(msgspec.Struct):
    now: datetime


class Space:
    """One space, named at random unless `name` is given. Its calls raise httpx.HTTPStatusError where the demo refuses."""

    def __init__(self, url: str, name: str | None = None) -> None:
        self.name = name or f"e2e-{uuid4().hex}"
        self.people: list[Person] = []
        self._http = httpx.Client(base_url=url, headers={"X-Demo-Space": self.name}, timeout=2 * _MAIL_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, **what: Any) -> bytes:
        """Call the demo's JSON door (contract, *Demo mode*); `what` is as httpx takes it."""
        answer = self._http.request(method, path, **what)
        answer.raise_for_status()
        return answer.content

    def person(self, persona: str = "ordinary", **overrides: Any) -> Person:
        """A fresh person whom no other test knows."""
        made = self.call("POST", "/api/demo/people", json={"persona": persona, "overrides": overrides})
        self.people.append(msgspec.json.decode(made, type=Person))
        return self.people[-1]

    def why(self, person: Person) -> str:
        """Why this number was refused last, in one sentence."""
        told = self.call("POST", "/api/demo/why", json={"nir": person.nir})
        return str(msgspec.json.decode(told)["sentence"])


class Inbox:
    """The mail of the people of a space. Each mail is given out once, the oldest first."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._given: dict[str, str] = {}

    def next(self, person: Person, kind: str = "login-code") -> Mail:
        """The next mail of this kind; it is waited for. Raises AssertionError where none comes."""
        after = self._given.get(f"{person.email}/{kind}", "0")
        came = self._read(person, kind=kind, since=after, wait=_MAIL_S)
        assert came, f"no mail {kind} for {person.email}; {self._space.why(person)}"
        self._given[f"{person.email}/{kind}"] = came[-1].id
        return came[-1]

    def code(self, person: Person) -> str:
        """The code of the next login-code mail."""
        code = self.next(person).code
        assert code is not None
        return code

    def all(self, person: Person) -> list[Mail]:
        """All that has come, the oldest first, given out or not."""
        return self._read(person)[::-1]

    def _read(self, person: Person, **wanted: Any) -> list[Mail]:
        found = self._space.call("GET", "/api/demo/messages", params={"to": person.email, **wanted})
        return msgspec.json.decode(found, type=list[Mail])


class MovableClock:
    """The clock of a space; every rule with a duration obeys it."""

    def __init__(self, space: Space) -> None:
        self._space = space

    def now(self) -> datetime:
        """What it shows."""
        return msgspec.json.decode(self._space.call("GET", "/api/demo/clock"), type=_Time).now

    def advance(self, by: timedelta | str) -> None:
        """Move it by so long, or by an ISO 8601 duration such as ``P6M`` (calendar months)."""
        step = by if isinstance(by, str) else f"{'-' if by < timedelta(0) else ''}PT{abs(by).total_seconds():.0f}S"
        self._space.call("POST", "/api/demo/clock", json={"advance": step})

    def set(self, to: datetime) -> None:
        """Set it to an instant; it runs on from there."""
        self._space.call("POST", "/api/demo/clock", json={"now": to.isoformat()})
