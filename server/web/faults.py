"""From any exception to a refusal: what HTTP refuses, what does not answer, and a bug of ours with a reference.

Source: security page, *Faults* (last row): no class name, SQL, path or personal number ever leaves.
"""

import re

import structlog
from litestar.exceptions import HTTPException, ValidationException

from server import policy
from server.logs import told
from server.randomness import Randomness
from server.records.database import DATABASE_AWAY
from server.records.redis import REDIS_AWAY
from server.refusals import Refused, Why

_log = structlog.get_logger("portillon.faults")

# A part that we need does not answer.
PART_AWAY = (*DATABASE_AWAY, *REDIS_AWAY)

_BY_STATUS = {
    400: Why.INVALID_REQUEST,
    404: Why.NOT_FOUND,
    405: Why.METHOD_NOT_ALLOWED,
    413: Why.TOO_LARGE,
    415: Why.UNSUPPORTED_MEDIA_TYPE,
}
# What msgspec raises beside its own errors, which Litestar lets through: bytes that are no text, nesting past its depth.
_UNREADABLE = (UnicodeDecodeError, RecursionError)
# What msgspec says of a field: "… missing required field `nir`", "… unknown field `x`", "… - at `$.nir`".
_MSGSPEC = (
    (re.compile(r"missing required field `(\w{1,40})`"), "missing"),
    (re.compile(r"unknown field `(\w{1,40})`"), "unknown"),
    (re.compile(r"at `\$\.(\w{1,40})"), "wrong"),
)


def as_refused(fault: Exception, randomness: Randomness) -> Refused:
    """The refusal that an exception comes to. What is a fault of ours is logged with a reference for the person."""
    if isinstance(fault, Refused):
        return fault
    if isinstance(fault, HTTPException) and fault.status_code in _BY_STATUS:
        why = _BY_STATUS[fault.status_code]
        return Refused(why, errors=_wrong_fields(fault)) if why is Why.INVALID_REQUEST else Refused(why)
    if isinstance(fault, _UNREADABLE):
        _log.warning("unreadable", fault=type(fault).__name__)
        return Refused(Why.INVALID_REQUEST, errors=(("", "wrong"),))
    if isinstance(fault, PART_AWAY):
        return part_away(fault)
    reference = f"{randomness.reference()}-{randomness.reference()}"
    _log.error("fault", reference=reference, **told(fault))
    return Refused(Why.INTERNAL, reference=reference)


def part_away(fault: Exception) -> Refused:
    """The refusal that one of PART_AWAY comes to."""
    _log.error("part-away", **told(fault))
    return Refused(Why.UNAVAILABLE, retry_after=policy.RETRY_WHEN_BUSY)


def _wrong_fields(fault: HTTPException) -> tuple[tuple[str, str], ...]:
    extra = fault.extra if isinstance(fault, ValidationException) else None
    return tuple(_wrong_field(dict(error)) for error in (extra if isinstance(extra, list) else [{"message": fault.detail}]))


def _wrong_field(error: dict[str, object]) -> tuple[str, str]:
    for pattern, kind in _MSGSPEC:
        if found := pattern.search(str(error.get("message", ""))):
            return found[1], kind
    return str(error.get("key", "")), "wrong"
