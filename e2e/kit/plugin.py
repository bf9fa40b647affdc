"""The kit's fixtures. A suite takes them by importing them into its conftest, and gives `base_url`, the demo's address."""

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page

from e2e.kit.authenticator import Authenticator
from e2e.kit.space import Inbox, MovableClock, Person, Space
from e2e.kit.watch import Watch

MakePerson = Callable[..., Person]
MakeContext = Callable[..., BrowserContext]

__all__ = ["authenticator", "clock", "inbox", "new_context", "person", "pytest_runtest_makereport", "space", "watch"]


@pytest.fixture
def space(base_url: str) -> Iterator[Space]:
    """The test's own space: its clock and its limits by address are nobody else's."""
    with Space(base_url) as space:
        yield space


@pytest.fixture
def person(space: Space) -> MakePerson:
    """Makes people: ``person()``, ``person("closed")``, ``person(email="…")``."""
    return space.person


@pytest.fixture
def inbox(space: Space) -> Inbox:
    """The mail of these people."""
    return Inbox(space)


@pytest.fixture
def clock(space: Space) -> MovableClock:
    """The space's clock."""
    return MovableClock(space)


@pytest.fixture
def authenticator(page: Page) -> Authenticator:
    """The fingerprint or face reader of the test's page; pages look for it as they load, so ask for it first."""
    return Authenticator(page)


@pytest.fixture
def watch(base_url: str) -> Iterator[Watch]:
    """Fails the test where a page complained, or asked another site for anything."""
    watch = Watch(base_url)
    yield watch
    assert not watch.complaints, "\n".join(watch.complaints)


@pytest.fixture
def new_context(new_context: MakeContext, space: Space, watch: Watch, base_url: str) -> MakeContext:
    """pytest-playwright's factory of browser contexts; each lives in the test's space and is watched."""

    def new(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.add_cookies([{"name": "demo-space", "value": space.name, "url": base_url}])
        watch.over(context)
        return context

    return new


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With a failed test comes why each of its people was refused last."""
    report = yield
    space = getattr(item, "funcargs", {}).get("space")
    if report.when == "call" and report.failed and space:
        with suppress(httpx.HTTPError):
            said = (f"{person.persona}, {person.email}: {space.why(person)}" for person in space.people)
            report.sections.append(("Last refusals", "\n".join(said)))
    return report
