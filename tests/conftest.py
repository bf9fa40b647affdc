"""What the tests of a running demo share."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support import Site


@pytest_asyncio.fixture
async def site(demo_site: str) -> AsyncIterator[Site]:
    """The shared demo, in a space of this test's own."""
    async with Site(demo_site) as site:
        yield site


@pytest.fixture(params=["json", "pages"])
def door(request: pytest.FixtureRequest) -> str:
    """Each scenario is run through both."""
    return str(request.param)
