"""Pages that only tell something: a table of them becomes GET handlers, anonymous and without a cookie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar import MediaType, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler

from frontend.rendering import Pages


@dataclass(frozen=True, slots=True)
class Page:
    """One such page: its address, its template, and how lists of pages present it."""

    path: str
    template: str
    title: str
    about: str


def handlers(table: Sequence[Page], lists: Mapping[str, Sequence[Page]]) -> list[HTTPRouteHandler]:
    """Make one handler a page. ``lists`` holds the pages by heading, for those that point to others."""
    return [_handler(page, lists) for page in table]


def _handler(page: Page, lists: Mapping[str, Sequence[Page]]) -> HTTPRouteHandler:
    @get(page.path, media_type=MediaType.HTML, sync_to_thread=False, include_in_schema=False)
    def show(pages: NamedDependency[Pages]) -> str:
        return pages.render(page.template, path=page.path, signed_in=False, title=page.title, lists=lists)

    return show
