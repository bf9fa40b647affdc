"""Answers in HTML: a page with its true status, a way onward, a refusal as templates see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from litestar import Request, Response
from litestar.enums import MediaType
from litestar.response import Redirect

from frontend.rendering import Pages
from server.refusals import Refused, Why
from server.settings import SiteSettings
from server.web.requests import retry_after
from server.wording.refusals import FIELD_WORDS, Words, words

Html = Response[str]


@dataclass(frozen=True, slots=True)
class RefusalView:
    """A refusal as the templates read it."""

    slug: str
    status: int
    title: str
    detail: str
    until: datetime | None = None
    tries_left: int | None = None
    closed_on: date | None = None
    scope: str | None = None
    next: str | None = None
    expired_on: date | None = None
    because: str = ""


def refusal_view(refused: Refused, site: SiteSettings) -> RefusalView:
    """The words and the members of a refusal."""
    said = words(refused, site)
    if refused.why is Why.INVALID_REQUEST:  # on a page the field's own sentence tells more
        said = Words(said.title, " ".join(FIELD_WORDS[kind] for _, kind in refused.members["errors"]))
    members = {name: value for name, value in refused.members.items() if name in RefusalView.__dataclass_fields__}
    return RefusalView(refused.why.slug, refused.why.status.value, said.title, said.detail, because=refused.because, **members)


def page(
    pages: Pages,
    template: str,
    path: str,
    *,
    status: int = 200,
    signed_in: bool = False,
    refused: Refused | None = None,
    **context: Any,
) -> Html:
    """A whole page; htmx takes from it what it needs. With a refusal it has its status and says when to come back."""
    status = refused.why.status.value if refused else status
    html = pages.render(template, path=path, status=status, signed_in=signed_in, **context)
    headers = retry_after(refused) if refused else None
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=headers)


def go(path: str, *, headers: Mapping[str, str] | None = None) -> Redirect:
    """Onward to a page of ours, by GET; `path` is ours, never the request's."""
    return Redirect(path, status_code=303, headers=dict(headers or {}))


def is_htmx(request: Request[Any, Any, Any]) -> bool:
    """Whether htmx asks, rather than the browser itself."""
    return request.headers.get("hx-request") == "true"
