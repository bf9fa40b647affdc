"""What every page must be, whatever its state: whole, typographically right, escaped, and leading nowhere that is not there."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from minijinja import TemplateError

from frontend.help import pages as help_pages
from frontend.information import pages as information_pages
from frontend.rendering import FOLDER, Pages
from server import policy
from tests.frontend.states import STATES, render, site

# Where forms lead, and the pages that are no plain pages.
OTHERS = {
    "/",
    "/connexion",
    "/connexion/autre-personne",
    "/connexion/biometrie",
    "/connexion/code",
    "/connexion/code/envoi",
    "/connexion/recommencer",
    "/deconnexion",
    "/manifest.webmanifest",
    "/accueil",
    "/accueil/avis/overlap",
    "/accueil/avis/terms",
    "/accueil/biometrie",
    "/mes-appareils",
    "/mes-appareils/biometrie",
    "/mes-appareils/proposition",
    "/mes-appareils/reconnexion",
    "/mes-appareils/retrait",
}
PATHS = OTHERS | {page.path for page in (*help_pages.PAGES, *information_pages.PAGES)}
VOID = {"meta", "link", "input", "br", "path", "circle", "rect"}


class Page(HTMLParser):
    """A page read as browsers do: its tags with their attributes, and the text people read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute twice in {tag}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"{tag} closes what it did not open"

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, attribute: str) -> list[str]:
        return [value for _, found in self.tags if (value := found.get(attribute))]


@pytest.fixture(params=STATES)
def shown(request: pytest.FixtureRequest) -> Page:
    return Page(render(request.param))


def test_a_page_has_one_heading_one_main_and_its_language(shown: Page) -> None:
    count = Counter(tag for tag, attributes in shown.tags if tag != "title" or not attributes)  # a drawing's has an id
    assert (count["h1"], count["main"], count["title"]) == (1, 1, 1)
    assert ("html", {"lang": "fr"}) in shown.tags


def test_ids_are_unique_and_what_points_to_them_finds_them(shown: Page) -> None:
    ids = Counter(shown.values("id"))
    assert [name for name, times in ids.items() if times > 1] == []
    for attribute in ("for", "aria-describedby", "aria-labelledby", "aria-controls", "data-reveal"):
        for value in shown.values(attribute):
            assert set(value.split()) <= ids.keys()


def test_every_link_and_form_leads_to_an_address_that_exists(shown: Page) -> None:
    addresses = shown.values("href") + shown.values("action") + shown.values("hx-post")
    for address in addresses:
        kind = address.partition(":")[0]
        if kind in {"tel", "mailto"} or address in {"#contenu", "/static/vendor/htmx.min.js"}:
            continue
        if address.startswith("/static/"):
            assert (FOLDER / address.lstrip("/")).is_file(), address
        else:
            assert address in PATHS, address


def test_nothing_inline_that_the_content_security_policy_would_stop(shown: Page) -> None:
    assert not [tag for tag, _ in shown.tags if tag in {"style", "base", "iframe", "object"}]
    assert not [name for _, attributes in shown.tags for name in attributes if name == "style" or name.startswith("on")]
    assert all(attributes.get("src") for tag, attributes in shown.tags if tag == "script")


def test_a_form_says_the_same_to_the_browser_and_to_htmx(shown: Page) -> None:
    for tag, attributes in shown.tags:
        if tag == "form":
            assert attributes["method"] == "post"
            assert attributes["action"] == attributes["hx-post"]
            assert attributes["hx-target"] == attributes["hx-select"] == "main"


def test_french_typography(shown: Page) -> None:
    mistakes = r"(?<!\u202f)[;!?]|(?<!\u00a0)[:%»]|«(?!\u00a0)|'|\.\.\."
    assert re.findall(f".{{0,15}}(?:{mistakes}).{{0,15}}", shown.text) == []


@pytest.mark.parametrize("name", [name for name in STATES if name.startswith(("number", "code", "refused"))])
def test_a_refusal_is_announced_and_named(name: str) -> None:
    _, _, context = STATES[name]
    slugs = Page(render(name)).values("data-refusal")
    refusal = context.get("refusal")
    if refusal is not None:
        assert slugs == [refusal.slug]  # type: ignore[attr-defined]
    else:
        assert slugs == {
            "number-typed": ["invalid-request"],
            "number-forgotten": ["invalid-request"],
            "code-expired": ["code-expired"],
        }.get(name, [])


def test_what_was_typed_is_kept_and_harmless() -> None:
    fields = {found["name"]: found.get("value") for tag, found in Page(render("number-typed")).tags if tag == "input"}
    assert (fields["nir"], fields["password"]) == ('2 85 05 2A "<b>', None)
    kept = [found for tag, found in Page(render("code-enter-wrong")).tags if tag == "input"]
    assert [field["value"] for field in kept] == ["123456", "true"]
    assert "checked" in kept[1]


def test_a_locked_page_says_until_when() -> None:
    for name in ("number-locked", "code-locked", "code-locked-reloaded", "refused-locked", "code-enter-locked"):
        assert "21\u00a0novembre\u00a02026 à\u00a014\u00a0h\u00a020" in Page(render(name)).text


def test_a_kiosk_is_never_remembered_and_federation_needs_its_setting() -> None:
    assert "trust_device" in render("code-enter")
    assert "trust_device" not in render("code-enter-kiosk")
    assert "FranceConnect" not in render("number")
    assert "FranceConnect" in render("number", Pages(site(federation=True)))


def test_the_demo_says_so_and_production_never_does() -> None:
    assert "/demo/boite" in render("number", Pages(site(demo=True)))
    assert all("/demo" not in render(name) for name in STATES)


def test_figures_come_from_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "TRUSTED_DEVICE_MONTHS", 11)
    assert "11\u00a0mois" in Page(render("help/trusted_device")).text


def test_a_missing_value_is_an_error_never_a_blank() -> None:
    with pytest.raises(TemplateError):
        Pages(site()).render("login/number.html", path="/connexion", signed_in=False)
    with pytest.raises(TemplateError):
        Pages(site()).render("login/absent.html", path="/connexion", signed_in=False)


def test_a_kiosk_shows_nothing_of_biometrics_and_remembers_nobody() -> None:
    kiosk = Pages(site(kiosk=True))
    for name in ("number", "devices-none", "devices-not-full", "devices-declined"):
        here = render(name, kiosk)
        assert "data-ceremony" not in here
        assert "data-needs" not in here
        assert "webauthn" not in here
        assert "remember_number" not in here
        for word in ("Se souvenir de cet appareil", "activée", "Renouveler", "Me le proposer", "préparer l’appareil"):
            assert word not in here
    assert "Cette machine est partagée" in Page(render("help/biometrics", kiosk)).text
    assert "Cette machine est partagée" not in render("help/biometrics")
    assert "remember_number" in render("number")
    assert "data-ceremony" in render("devices-none")


def test_nothing_of_biometrics_shows_until_the_script_says_that_the_device_can() -> None:
    for name in STATES:
        for tag, attributes in Page(render(name)).tags:
            if "data-needs" in attributes:
                assert tag == "dialog" or "hidden" in attributes
                assert "open" not in attributes


def test_all_of_a_kind_is_asked_once_more_and_one_is_not() -> None:
    html = render("devices")
    at_once, asked = html.count('name="id"'), html.count('class="once-more"')
    assert (at_once, asked) == (7, 3)
    assert html.count('action="/mes-appareils/retrait"') == at_once + asked
    for means in html.split('<details class="once-more">')[1:]:
        assert "/mes-appareils/retrait" in means.partition("</details>")[0]
