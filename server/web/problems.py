"""Refusals for programs: RFC 9457 problem details, and their place in the OpenAPI document. Source: contract, *Conventions*."""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec

from server.clock import PARIS
from server.refusals import Refused, Why
from server.settings import SiteSettings
from server.wording.refusals import FIELD_WORDS, words

MEDIA_TYPE = "application/problem+json"


class FieldError(msgspec.Struct, frozen=True):
    """One field that is wrong."""

    field: str
    detail: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why the request was refused. `detail` is French, fit to show."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...] | None = None
    tries_left: int | None = None
    until: datetime | None = None
    scope: str | None = None
    closed_on: date | None = None
    next: str | None = None
    credential_id: str | None = None
    expired_on: date | None = None
    reference: str | None = None


def problem(refused: Refused, site: SiteSettings) -> Problem:
    """The problem that tells of this refusal."""
    why, said = refused.why, words(refused, site)
    members: dict[str, Any] = {name: refused.members[name] for name in why.value.members if name in refused.members}
    if "errors" in members:
        members["errors"] = tuple(FieldError(field, FIELD_WORDS[kind]) for field, kind in members["errors"])
    if "until" in members:
        # Whole seconds, upwards: at that instant the lock is over.
        members["until"] = (members["until"] + timedelta(microseconds=999_999)).astimezone(PARIS).replace(microsecond=0)
    return Problem(f"/problems/{why.slug}", said.title, why.status.value, said.detail, **members)


def may_refuse(*reasons: Why) -> dict[int, ResponseSpec]:
    """The `responses` of a handler for the OpenAPI document: its own refusals and those that any call may meet."""
    always = (Why.INVALID_REQUEST, Why.CROSS_ORIGIN, Why.TOO_LARGE, Why.UNSUPPORTED_MEDIA_TYPE, Why.UNKNOWN_HOST)
    slugs: dict[int, list[str]] = {}
    for why in (*reasons, *always, Why.UNAVAILABLE, Why.INTERNAL):
        slugs.setdefault(why.status.value, []).append(why.slug)
    return {
        status: ResponseSpec(Problem, generate_examples=False, description=", ".join(sorted(set(names))), media_type=MEDIA_TYPE)
        for status, names in slugs.items()
    }
