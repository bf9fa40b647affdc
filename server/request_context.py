"""Who asks: a value that the doors build and the flows read. It knows no framework."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

# "accepted" carries nothing: that it comes back says that the browser takes cookies.
# "ceremony" binds a biometric login under way to the browser; "browser" tells one from another to those who asked for it.
CookieName = Literal["session", "attempt", "device", "browser", "ceremony", "accepted"]


@dataclass(slots=True)
class Cookies:
    """The cookies that came, and the changes to send back: they go out with an answer and with a refusal alike."""

    came: dict[CookieName, str]
    changes: dict[CookieName, "tuple[str, datetime | None] | None"] = field(default_factory=dict)

    def get(self, name: CookieName) -> str | None:
        """The value in force: what was set during this request, else what came."""
        if name in self.changes:
            change = self.changes[name]
            return change[0] if change else None
        return self.came.get(name)

    def set(self, name: CookieName, value: str, expires_at: datetime | None = None) -> None:
        """Send a cookie; without an expiry it ends with the browser."""
        self.changes[name] = (value, expires_at)

    @contextmanager
    def unless_it_fails(self) -> Iterator[None]:
        """What is set or cleared inside is taken back where the block raises: no cookie tells of what was rolled back."""
        before = dict(self.changes)
        try:
            yield
        except BaseException:
            self.changes = before
            raise

    def clear(self, name: CookieName) -> None:
        """Have the browser forget a cookie, if it sent one."""
        if name in self.came or name in self.changes:
            self.changes[name] = None


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's sender.

    ``address`` is the limiter's key: an IPv4 address or an IPv6 /64 (security page, *Guessing*). ``browser`` is a label such as
    "Firefox, Linux". ``received_at`` is when the request came in, by the clock in force.
    """

    address: str
    browser: str
    received_at: datetime
    cookies: Cookies


def limiter_address(text: str) -> str:
    """An address as the limits know it; any other text (a unix socket's peer) is one address of its own."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
