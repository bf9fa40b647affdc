"""Where we run: addresses, keys, names. No rule lives here.

Every setting is an environment variable ``PORTILLON_NAME`` (``DATABASE_URL`` and ``REDIS_URL`` go bare, as hosts give them).
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

from server import policy

_KEY_BYTES = 32
SmtpSecurity = Literal["none", "starttls", "tls"]


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names it and says what it takes."""


@dataclass(frozen=True)
class MailSettings:
    """The SMTP server that takes our mail."""

    host: str = "localhost"
    port: int = 25
    security: SmtpSecurity = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = "ne-pas-repondre@assurance.example"
    timeout_s: float = 10.0
    connections: int = 4


@dataclass(frozen=True)
class SiteSettings:
    """Names and numbers that people see."""

    insurer_name: str = "Assurance Maladie des Provinces"
    service_name: str = "Mon compte assuré"
    helpline: str = "01 99 00 36 46"  # 01 99 00 is kept for fiction by the numbering plan (ARCEP decision 2018-0881)
    fund_mail: str = "contact@assurance.example"
    kiosk: bool = False
    federation: bool = False


@dataclass(frozen=True)
class HashSettings:
    """Argon2id: OWASP's least figures; ``threads`` 0 takes the machine's cores shared among the workers."""

    memory_kib: int = 19 * 1024
    passes: int = 2
    lanes: int = 1
    threads: int = 0
    backend: Literal["fastest", "argon2-cffi", "libsodium"] = "fastest"


@dataclass(frozen=True)
class Settings:
    """All of it. Keys are 32 bytes; `master_keys` is newest first and each has a name of its own."""

    database_url: str
    redis_url: str
    number_key: bytes = field(repr=False)
    master_keys: tuple[tuple[str, bytes], ...] = field(repr=False)
    public_url: str = "http://localhost:8000"
    other_hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    workers: int = 1
    deliver_mail: bool = True
    metrics_address: str = "127.0.0.1:9464"
    session_idle: timedelta = policy.SESSION_IDLE
    session_life: timedelta = policy.SESSION_LIFE
    mail: MailSettings = MailSettings()
    site: SiteSettings = SiteSettings()
    hashing: HashSettings = HashSettings()

    @property
    def secure(self) -> bool:
        """Whether cookies are ``__Host-`` and ``Secure``: wherever the public address is https."""
        return self.public_url.startswith("https://")

    @property
    def host(self) -> str:
        """The public address's host name: WebAuthn's relying party id."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def origin(self) -> str:
        """The public address's scheme, host and port, as browsers write an origin (RFC 6454, section 6.1)."""
        return "{0.scheme}://{0.netloc}".format(urlsplit(self.public_url)).lower()

    @property
    def hosts(self) -> frozenset[str]:
        """The host names, in lower case and without port, that a request may be for."""
        return frozenset({self.host, *self.other_hosts})

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the variables. Raises SettingsError, naming the first that is missing or wrong."""
        read = _Reader(environment)
        return cls(
            database_url=read.text("DATABASE_URL", prefix=""),
            redis_url=read.text("REDIS_URL", prefix=""),
            number_key=read.key("NUMBER_KEY"),
            master_keys=read.named_keys("MASTER_KEYS"),
            public_url=read.text("PUBLIC_URL", cls.public_url).rstrip("/"),
            other_hosts=read.words("OTHER_HOSTS"),
            proxies=read.words("PROXIES"),
            workers=read.whole("WORKERS", cls.workers),
            deliver_mail=read.flag("DELIVER_MAIL", default=True),
            metrics_address=read.text("METRICS_ADDRESS", cls.metrics_address),
            session_idle=read.minutes("SESSION_IDLE_MINUTES", cls.session_idle),
            session_life=read.minutes("SESSION_LIFE_MINUTES", cls.session_life),
            mail=read.mail(),
            site=read.site(),
            hashing=read.hashing(),
        )


class _Reader:
    """Reads variables by their kind, and names the one that is wrong."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str, default: str | None = None, *, prefix: str = "PORTILLON_") -> str:
        value = self._environment.get(prefix + name, default)
        if value is None:
            raise SettingsError(f"{prefix}{name} is not set")
        return value

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(word.lower() for word in self.text(name, "").replace(",", " ").split())

    def whole(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit():
            raise SettingsError(f"PORTILLON_{name} takes a whole number, not {text!r}")
        return int(text)

    def minutes(self, name: str, default: timedelta) -> timedelta:
        return timedelta(minutes=self.whole(name, int(default.total_seconds() // 60)))

    def flag(self, name: str, *, default: bool) -> bool:
        text = self.text(name, "yes" if default else "no")
        if text not in {"yes", "no"}:
            raise SettingsError(f"PORTILLON_{name} takes yes or no, not {text!r}")
        return text == "yes"

    def choice(self, name: str, default: str, among: tuple[str, ...]) -> str:
        text = self.text(name, default)
        if text not in among:
            raise SettingsError(f"PORTILLON_{name} takes one of {', '.join(among)}, not {text!r}")
        return text

    def key(self, name: str) -> bytes:
        return _key(f"PORTILLON_{name}", self.text(name))

    def named_keys(self, name: str) -> tuple[tuple[str, bytes], ...]:
        pairs = [word.partition(":") for word in self.text(name).replace(",", " ").split()]
        if not pairs or any(not key_id or not key for key_id, _, key in pairs):
            raise SettingsError(f"PORTILLON_{name} takes NAME:KEY, newest first, parted by commas")
        return tuple((key_id, _key(f"PORTILLON_{name}", key)) for key_id, _, key in pairs)

    def mail(self) -> MailSettings:
        return MailSettings(
            host=self.text("SMTP_HOST", MailSettings.host),
            port=self.whole("SMTP_PORT", MailSettings.port),
            security=self.choice("SMTP_SECURITY", "starttls", ("none", "starttls", "tls")),  # type: ignore[arg-type]
            user=self.text("SMTP_USER", ""),
            password=self.text("SMTP_PASSWORD", ""),
            sender=self.text("MAIL_SENDER", MailSettings.sender),
            connections=self.whole("SMTP_CONNECTIONS", MailSettings.connections),
        )

    def site(self) -> SiteSettings:
        return SiteSettings(
            insurer_name=self.text("INSURER_NAME", SiteSettings.insurer_name),
            service_name=self.text("SERVICE_NAME", SiteSettings.service_name),
            helpline=self.text("HELPLINE", SiteSettings.helpline),
            fund_mail=self.text("FUND_MAIL", SiteSettings.fund_mail),
            kiosk=self.flag("KIOSK", default=False),
        )

    def hashing(self) -> HashSettings:
        return HashSettings(
            memory_kib=self.whole("ARGON2_MEMORY_KIB", HashSettings.memory_kib),
            passes=self.whole("ARGON2_PASSES", HashSettings.passes),
            lanes=self.whole("ARGON2_LANES", HashSettings.lanes),
            threads=self.whole("HASH_THREADS", HashSettings.threads),
            backend=self.choice("HASH_BACKEND", "fastest", ("fastest", "argon2-cffi", "libsodium")),  # type: ignore[arg-type]
        )


def _key(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise SettingsError(f"{name} takes keys in base64") from error
    if len(key) != _KEY_BYTES:
        raise SettingsError(f"{name} takes keys of {_KEY_BYTES} bytes, not {len(key)}")
    return key
