"""The help and information pages as the server serves them: anonymous, whole, without a cookie."""

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import TestClient

from frontend.help import pages as help_pages
from frontend.information import pages as information_pages
from frontend.plain_pages import Page
from frontend.rendering import Pages
from tests.frontend.states import site

PAGES = (*help_pages.PAGES, *information_pages.PAGES)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    pages = Pages(site())
    app = Litestar(
        [help_pages.router, information_pages.router],
        dependencies={"pages": Provide(lambda: pages, sync_to_thread=False)},
    )
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_a_page_answers_to_anybody(client: TestClient[Litestar], page: Page) -> None:
    answer = client.get(page.path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "set-cookie" not in answer.headers
    assert f"<title>{page.title} – " in answer.text


def test_the_site_map_names_every_page(client: TestClient[Litestar]) -> None:
    site_map = client.get("/plan-du-site").text
    assert [page.path for page in PAGES if f'href="{page.path}">{page.title}<' not in site_map] == []


def test_the_help_names_every_help_page(client: TestClient[Litestar]) -> None:
    index = client.get("/aide").text
    assert [page.path for page in help_pages.TOPICS if f'href="{page.path}">{page.title}<' not in index] == []
