"""A shared kiosk: nothing that lasts is offered. Source: product page, section 10."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from e2e.device import Device
from e2e.kit.plugin import MakePerson
from e2e.kit.process import running_demo
from e2e.kit.space import Inbox, Space
from e2e.kit.watch import Watch
from server.embedded import EngineAddresses


@pytest.fixture(scope="module")
def kiosk(make_engines: Callable[[], EngineAddresses], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo of its own, in a fund's hall."""
    addresses = make_engines()
    where = {"DATABASE_URL": addresses.database_url, "REDIS_URL": addresses.redis_url, "PORTILLON_KIOSK": "yes"}
    with running_demo(tmp_path_factory.mktemp("kiosk"), environment=where) as demo:
        yield demo.url


@pytest.fixture
def space(kiosk: str) -> Iterator[Space]:
    with Space(kiosk) as space:
        yield space


@pytest.fixture
def watch(kiosk: str) -> Iterator[Watch]:
    watch = Watch(kiosk)
    yield watch
    assert watch.complaints == []


@pytest.fixture(scope="module")
def browser_context_args(kiosk: str) -> dict[str, str]:
    return {"base_url": kiosk, "locale": "fr-FR"}


def test_a_kiosk_keeps_nobody(device: Device, person: MakePerson, inbox: Inbox) -> None:
    somebody = person("second-login")
    expect(device.number).to_have_attribute("autocomplete", "username")
    expect(device.page.get_by_label("Retenir mon numéro")).to_have_count(0)
    expect(device.page.get_by_text("empreinte")).to_have_count(0)
    device.give(somebody)
    device.ask()
    expect(device.remember).to_have_count(0)
    device.code.fill(inbox.code(somebody))
    device.press("Valider")
    device.is_home(somebody)
    expect(device.page.locator("dialog")).to_have_count(0)
    device.open("/mes-appareils")
    expect(device.activation).to_have_count(0)
    assert device.reader.asked() == []
