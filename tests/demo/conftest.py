"""What the demo's tests share: visitors in spaces of their own, and demo processes of their own for what kills."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.demo.demo_process import DemoProcess
from tests.demo.visitor import Visitor

_NUMBERS = count()

NewVisitor = Callable[..., Visitor]


@pytest.fixture
def new_visitor(demo_site: str, request: pytest.FixtureRequest) -> Iterator[NewVisitor]:
    """Each call gives a browser of its own; all in the test's own space unless told otherwise."""
    own = f"{request.node.originalname}.{next(_NUMBERS)}"[-64:]
    visitors: list[Visitor] = []

    def enter(space: str | None = own) -> Visitor:
        visitors.append(Visitor(demo_site, space))
        return visitors[-1]

    yield enter
    for visitor in visitors:
        visitor.http.close()


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    return new_visitor()


@pytest.fixture(scope="module")
def own_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    """A demo with two workers on embedded engines, for one module to be rough with."""
    with DemoProcess(tmp_path_factory.mktemp("own") / "data", "--workers", "2") as demo:
        yield demo


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    return tmp_path / "data"
