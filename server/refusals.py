"""The closed list of ways we say no: slug, HTTP status, members. No words: each door has its own.

Source: the HTTP contract, *Conventions*; the slugs after `UNAVAILABLE` are ours, for what HTTP itself refuses.
"""

from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    """One way to say no."""

    slug: str
    status: HTTPStatus
    members: tuple[str, ...] = ()


class Why(Enum):
    """Every way to say no."""

    INVALID_REQUEST = Reason("invalid-request", HTTPStatus.BAD_REQUEST, ("errors",))
    INVALID_CREDENTIALS = Reason("invalid-credentials", HTTPStatus.UNAUTHORIZED, ("tries_left",))
    INVALID_CODE = Reason("invalid-code", HTTPStatus.UNAUTHORIZED, ("tries_left",))
    CODE_EXPIRED = Reason("code-expired", HTTPStatus.GONE)
    LOCKED = Reason("locked", HTTPStatus.LOCKED, ("until", "scope"))
    ADDRESS_MISSING = Reason("address-missing", HTTPStatus.FORBIDDEN)
    ACCOUNT_CLOSED = Reason("account-closed", HTTPStatus.FORBIDDEN, ("closed_on",))
    FILE_UPDATE_NEEDED = Reason("file-update-needed", HTTPStatus.FORBIDDEN)
    ATTACHMENT_PENDING = Reason("attachment-pending", HTTPStatus.FORBIDDEN)
    NOT_SIGNED_IN = Reason("not-signed-in", HTTPStatus.UNAUTHORIZED)
    STEP_MISSING = Reason("step-missing", HTTPStatus.CONFLICT, ("next",))
    # The same name to programs; a step of another flow, which the person has no leave to skip (contract, *Biometrics*).
    FULL_LOGIN_NEEDED = Reason("step-missing", HTTPStatus.FORBIDDEN, ("next",))
    BIOMETRIC_FAILED = Reason("biometric-failed", HTTPStatus.UNAUTHORIZED)
    BIOMETRIC_EXPIRED = Reason("biometric-expired", HTTPStatus.UNAUTHORIZED, ("credential_id", "expired_on"))
    UNAVAILABLE = Reason("unavailable", HTTPStatus.SERVICE_UNAVAILABLE)

    CROSS_ORIGIN = Reason("cross-origin", HTTPStatus.FORBIDDEN)
    UNKNOWN_HOST = Reason("unknown-host", HTTPStatus.MISDIRECTED_REQUEST)
    NOT_FOUND = Reason("not-found", HTTPStatus.NOT_FOUND)
    METHOD_NOT_ALLOWED = Reason("method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED)
    TOO_LARGE = Reason("too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    UNSUPPORTED_MEDIA_TYPE = Reason("unsupported-media-type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    INTERNAL = Reason("internal", HTTPStatus.INTERNAL_SERVER_ERROR, ("reference",))

    @property
    def slug(self) -> str:
        """Its name to programs."""
        return self.value.slug

    @property
    def status(self) -> HTTPStatus:
        """Its HTTP status."""
        return self.value.status


class Refused(Exception):
    """Raised by a flow; each door renders it its own way.

    Members are those that the reason names, and ``retry_after`` (a timedelta) where the caller may come back. ``because`` names
    the case where one slug has several, for the words and the journal: programs are told the slug and the members.
    """

    def __init__(self, why: Why, *, because: str = "", **members: Any) -> None:
        unknown = members.keys() - {*why.value.members, "retry_after"}
        if unknown:
            raise TypeError(f"{why.slug} has no member {sorted(unknown)}")
        super().__init__(why.slug)
        self.why = why
        self.members = members
        self.because = because
