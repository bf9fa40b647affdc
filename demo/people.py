"""Makes insured people for the demo: a row of the registry and, but for one persona, an account with what makes it special."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from demo import personas, synthetic
from demo.personas import BY_SLUG, PERSONAS, Persona
from server import policy
from server.clock import PARIS, Clock, add_months
from server.hashing import Hasher, StoredPassword
from server.keys import token_hash
from server.known_browsers import KnownBrowsers
from server.nir import key
from server.randomness import Randomness
from server.records import accounts, browsers, devices, registry
from server.records.database import fetch, transaction
from server.records.devices import DeviceRow
from server.records.registry import Person
from server.request_context import Caller
from server.trusted_devices import Token, TrustedDevices

# Whoever imports a synthetic registry beside takes another seed; should a number meet another, the next one is taken.
_SEED = 20_260_713
_DAY = timedelta(days=1)

_ACCOUNT = """
INSERT INTO account
  (id, person, email, email_confirmed_at, password_hash, pepper_id, created_at, closed_on, last_login_at, logins,
   terms_accepted)
SELECT $1, id, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM insured_person WHERE nir = $2
"""

# An address that a mail can be sent to, as server.mail.messages has it and a little stricter.
# Nothing follows: Python's $ lets a line break pass, and JSON Schema knows no \Z.
END = r"(?![\s\S])"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
Email = Annotated[str, Meta(max_length=254, pattern=rf"^[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@{_LABEL}(\.{_LABEL})+{END}")]
Code = Annotated[str, Meta(max_length=10, pattern=rf"^[A-Za-z0-9]+{END}")]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=rf"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*{END}")]


class Overrides(msgspec.Struct, forbid_unknown_fields=True):
    """What a test wants otherwise than the persona has it."""

    email: Email | UnsetType | None = UNSET
    password: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    birth_date: date | UnsetType = UNSET
    mobile: Annotated[str, Meta(pattern=rf"^\+[1-9][0-9]{{7,14}}{END}")] | UnsetType | None = UNSET
    fund: Code | UnsetType | None = UNSET
    scheme: Code | UnsetType | None = UNSET
    attachment: Literal["attached", "pending"] | UnsetType = UNSET
    closed_on: date | UnsetType | None = UNSET
    first_names: Name | UnsetType = UNSET
    last_name: Name | UnsetType = UNSET
    overlap_since: date | UnsetType | None = UNSET
    terms_accepted: date | UnsetType | None = UNSET


class TrustedDevice(msgspec.Struct):
    """A browser that the account trusts, and the value of its device cookie."""

    label: str
    cookie: str


class Someone(msgspec.Struct, kw_only=True):
    """An invented insured person, with all that they know and hold. `nir` is canonical, `nir_key` its two digits.

    Of ``not-created``, `email` and `password` are a proposal: no account has them yet. `terms_accepted` is the date of
    the terms that they accepted last. `browser_cookie` is the value of the cookie ``portillon-browser`` in the browser where they
    said never to biometrics.
    """

    persona: str
    nir: str
    nir_key: str
    password: str
    email: str | None
    first_names: str
    last_name: str
    birth_date: date
    birth_place: str
    sex: str
    card_serial: str
    iban: str
    mobile: str | None
    fund: str | None
    scheme: str | None
    attachment: str
    overlap_since: date | None
    closed_on: date | None
    terms_accepted: date | None
    browser_cookie: str | None = None
    trusted_devices: tuple[TrustedDevice, ...] = ()


class People:
    """Makes them."""

    def __init__(self, clock: Clock, randomness: Randomness, hasher: Hasher) -> None:
        self._clock = clock
        self._randomness = randomness
        self._hasher = hasher

    async def make(self, persona: Persona, overrides: Overrides) -> Someone:
        """A person whom nobody has met before. Raises one of DATABASE_AWAY."""
        while True:
            rank = (await fetch("SELECT nextval('demo_rank') AS rank"))[0]["rank"]
            if await registry.find(synthetic.person(rank, _SEED).nir) is None:
                break
        someone = self._with_devices(_invented(persona, rank, self._randomness.bytes(4)), persona, overrides)
        stored = await self._hasher.hash(someone.password)
        async with transaction():
            await self._put(persona, someone, stored)
        return someone

    async def ensure_fixed(self) -> None:
        """Make those of the fixed people, one of each persona, who are not here. Raises one of DATABASE_AWAY."""
        everybody = fixed()
        if not await _missing(everybody):
            return
        hashes = {someone.nir: await self._hasher.hash(someone.password) for someone in everybody}
        async with transaction():
            await fetch("SELECT pg_advisory_xact_lock($1)", _SEED)
            for someone in await _missing(everybody):  # somebody else may have made them meanwhile
                persona = BY_SLUG[someone.persona]
                await self._put(persona, self._with_devices(someone, persona, Overrides()), hashes[someone.nir])

    async def take_browser(self, caller: Caller, persona: Persona, known: KnownBrowsers) -> None:
        """Make this browser the fixed person's own: one that they trust, or where they said never to biometrics.

        Raises one of DATABASE_AWAY.
        """
        nir = next(someone.nir for someone in fixed() if someone.persona == persona.slug)
        account = await accounts.by_nir(nir)
        with caller.cookies.unless_it_fails():
            async with transaction():
                if account and persona.devices:
                    await TrustedDevices(self._clock, self._randomness).grant(caller, account)
                if account and persona.declined:
                    await known.decline_biometrics(caller, account)

    def _token(self) -> str:
        return str(Token(self._randomness.uuid(), self._randomness.token()))

    def _with_devices(self, someone: Someone, persona: Persona, overrides: Overrides) -> Someone:
        """What only the clock and chance know, then what the test wants."""
        then = (self._clock.now() - 90 * _DAY).astimezone(PARIS).date()
        if persona.closed:
            someone.closed_on = then
        if persona.overlap:
            someone.overlap_since = then.replace(day=1)
        if persona.declined:
            someone.browser_cookie = self._randomness.token()
        someone.trusted_devices = tuple(TrustedDevice(label, self._token()) for label in persona.devices)
        return msgspec.structs.replace(someone, **dict(_set(overrides)))

    async def _put(self, persona: Persona, someone: Someone, stored: StoredPassword) -> None:
        now = self._clock.now()
        await registry.put(Person(**{name: getattr(someone, name) for name in Person._fields}), now)
        if not persona.account:
            return
        account = self._randomness.uuid()
        await fetch(
            _ACCOUNT,
            account,
            someone.nir,
            someone.email,
            now - 30 * _DAY if someone.email and persona.confirmed else None,
            stored.hash,
            stored.pepper_id,
            now - 400 * _DAY,
            someone.closed_on,
            now - _DAY if persona.logins else None,
            persona.logins,
            someone.terms_accepted,
        )
        if someone.browser_cookie:
            here = token_hash(someone.browser_cookie)
            await browsers.say(here, account, now)
            await browsers.decline_biometrics(here, account, now - _DAY)
        for age, device in enumerate(someone.trusted_devices, start=1):
            granted = now - 30 * age * _DAY
            token = Token.read(device.cookie)
            if token is None:
                raise ValueError("no device cookie of ours")
            row = DeviceRow(
                id=token.device,
                token_hash=token_hash(token.secret),
                previous_hash=None,
                rotated_at=None,
                label=device.label,
                created_at=granted,
                expires_at=add_months(granted, policy.TRUSTED_DEVICE_MONTHS),
            )
            await devices.add(row, account, clock_name=self._clock.name)


async def _missing(people: Iterable[Someone]) -> list[Someone]:
    return [someone for someone in people if await registry.find(someone.nir) is None]


def fixed() -> list[Someone]:
    """One of each persona, always the same; what hangs on the day of the start is left out."""
    return [_invented(persona, rank, hashlib.sha256(persona.slug.encode()).digest()) for rank, persona in enumerate(PERSONAS)]


def _invented(persona: Persona, rank: int, drawn: bytes) -> Someone:
    person = synthetic.person(rank, _SEED)
    # The few numbers kept for fiction are given out in turn, so that parallel tests have one each.
    person = person._replace(mobile=f"+3363998{rank % 10_000:04}", **persona.registry)  # type: ignore[arg-type]
    name = f"{_plain(person.first_names.split()[0])}.{_plain(person.last_name)}"
    address = f"{name}@boite.example" if rank < len(PERSONAS) else f"{name}.{rank}@boite.example"
    return Someone(
        persona=persona.slug,
        nir_key=key(person.nir),
        password=personas.password(drawn),
        email=address if persona.email else None,
        closed_on=None,
        terms_accepted=policy.TERMS_OF_USE if persona.terms else policy.TERMS_OF_USE - 365 * _DAY,
        **person._asdict(),
    )


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return re.sub("[^a-z]+", "-", letters)


def _set(overrides: Overrides) -> Iterable[tuple[str, object]]:
    values = ((name, getattr(overrides, name)) for name in overrides.__struct_fields__)
    return ((name, value) for name, value in values if value is not UNSET)
