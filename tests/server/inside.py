"""The login's flow called directly, by a clock that stands still: for rules that turn at an instant."""

from datetime import date
from itertools import count

from server.app import build_parts
from server.login.flow import AfterPassword
from server.policy import SESSION_IDLE, TERMS_OF_USE
from server.randomness import SystemRandomness
from server.records import registry
from server.records.database import fetch
from server.records.registry import Person
from server.refusals import Refused
from server.request_context import Caller, CookieName, Cookies
from server.settings import HashSettings, Settings, SiteSettings
from tests.server.mail.desk import MovableClock

PASSWORD = "Girafe-Violon-Ruche-7"
_numbers = count(1)
_ACCOUNT = """
INSERT INTO account (id, person, email, email_confirmed_at, password_hash, pepper_id, created_at, logins, terms_accepted)
SELECT $1, id, $3, $4, $5, $6, $4, 0, $7 FROM insured_person WHERE nir = $2
"""
_NEWEST_CODE = """
SELECT c.sealed FROM code c JOIN account a ON a.id = c.account JOIN insured_person p ON p.id = a.person
WHERE p.nir = $1 AND c.sealed IS NOT NULL ORDER BY c.created_at DESC LIMIT 1
"""


class Inside:
    """The service's parts on the real database and store, with cheap hashes."""

    def __init__(self, *, kiosk: bool = False) -> None:
        self.clock = MovableClock()
        settings = Settings(
            database_url="",
            redis_url="",
            number_key=b"n" * 32,
            master_keys=(("test", b"m" * 32),),
            site=SiteSettings(kiosk=kiosk),
            hashing=HashSettings(memory_kib=64, passes=1, threads=1, backend="argon2-cffi"),
        )
        self.parts = build_parts(settings, self.clock, SystemRandomness())
        self.login = self.parts.login

    async def person(self) -> str:
        """The number of somebody whose account is in order."""
        rank = next(_numbers)
        nir = f"28505780{rank:05}"
        now, stored = self.clock.now(), await self.parts.hasher.hash(PASSWORD)
        told = Person(
            nir, "MARTIN", "Claire", date(1985, 5, 2), "Versailles", "F", f"{rank:010}", "", None, "131", "201", "attached", None
        )
        await registry.put(told, now)
        account = self.parts.randomness.uuid()
        await fetch(_ACCOUNT, account, nir, f"claire{rank}@poste.example", now, stored.hash, stored.pepper_id, TERMS_OF_USE)
        return nir

    async def mailed_code(self, nir: str) -> str:
        return self.parts.keys.unseal((await fetch(_NEWEST_CODE, nir))[0]["sealed"]).decode()


class Jar:
    """A browser's cookies, from one request to the next."""

    def __init__(self, inside: Inside, came: dict[CookieName, str] | None = None) -> None:
        self.inside = inside
        self.came: dict[CookieName, str] = dict(came or {})

    def request(self) -> Caller:
        """A request that comes in now."""
        return Caller("192.0.2.1", "Firefox sur Linux", self.inside.clock.now(), Cookies(came=dict(self.came)))

    def keep(self, caller: Caller) -> None:
        """What its answer does to the cookies."""
        for name, change in caller.cookies.changes.items():
            self.came.pop(name, None)
            if change:
                self.came[name] = change[0]

    async def enter(self, nir: str, password: str = PASSWORD) -> AfterPassword:
        caller = self.request()
        try:
            return await self.inside.login.give_password(caller, nir, password)
        finally:
            self.keep(caller)

    async def give_code(self, code: str, *, trust: bool = False) -> None:
        caller = self.request()
        try:
            await self.inside.login.check_code(caller, code, trust_device=trust)
        finally:
            self.keep(caller)

    async def log_in(self, nir: str, *, trust: bool = False) -> None:
        if (await self.enter(nir)).next == "code":
            await self.inside.login.send_code(self.request())
            await self.give_code(await self.inside.mailed_code(nir), trust=trust)

    async def signed_in(self) -> bool:
        caller = self.request()
        try:
            return (await self.inside.parts.admission.signed_in(caller)).expires_at <= self.inside.clock.now() + SESSION_IDLE
        except Refused:
            return False
        finally:
            self.keep(caller)
