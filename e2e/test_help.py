"""Help where somebody may be stuck, and no dead end anywhere. Source: product page, sections 1 and 10."""

import re
from urllib.parse import urldefrag, urljoin, urlsplit

from playwright.sync_api import BrowserContext, expect

from e2e.kit.plugin import MakePerson
from e2e.kit.space import Inbox
from e2e.login import Login, everywhere
from server.settings import SiteSettings

FOOT = [
    "Aide",
    "Accessibilité",
    "Conseils de sécurité",
    "Protection des données",
    "Conditions d’utilisation",
    "Mentions légales",
    "Plan du site",
]
_LINK = re.compile(r"""<(?:a|link|img|script|iframe)\b[^>]*?\s(?:href|src)="([^"]+)\"""")


@everywhere
def test_the_first_page_leads_to_help(login: Login) -> None:
    for link, leads_to in {
        "Où trouver mon numéro ?": "/aide/numero",
        "Mot de passe oublié ?": "/mot-de-passe-oublie",
        "Créer un compte": "/creer-un-compte",
        "Nos conseils de sécurité": "/conseils-de-securite",
    }.items():
        login.open().page.get_by_role("link", name=link).first.click()
        expect(login.page).to_have_url(leads_to)
        foot = login.page.get_by_role("contentinfo")
        expect(foot.get_by_role("link")).to_have_text([SiteSettings.helpline, *FOOT])


def test_the_code_pages_lead_to_help_and_wait_for_the_way_back(login: Login, person: MakePerson, inbox: Inbox) -> None:
    somebody = person()
    login.give(somebody)
    expect(login.page.locator(".side-column")).to_contain_text(SiteSettings.helpline)
    login.ask()
    mail = inbox.next(somebody)
    for link, leads_to in {
        "Toutes les pistes": "/aide/code-non-recu",
        "En savoir plus": "/aide/appareil-reconnu",
        "Préparer cet appel": "/aide/adresse-perdue",
    }.items():
        login.page.get_by_role("link", name=link).click()
        expect(login.page).to_have_url(leads_to)
        login.page.go_back()
        expect(login.reference).to_have_text(mail.reference or "")
    login.enter(mail.code or "")
    login.is_home(somebody)


def test_each_help_page_can_be_read(login: Login) -> None:
    login.open("/aide")
    names = login.page.get_by_role("main").locator(".page-list a").all_inner_texts()
    assert len(names) >= 8
    for name in names:
        login.page.get_by_role("main").get_by_role("link", name=name).click()
        expect(login.heading).to_have_text(name)
        login.titled(name)
        login.page.get_by_role("link", name="Aide", exact=True).first.click()
        expect(login.page).to_have_url("/aide")


def test_every_internal_link_of_every_page_answers(
    login: Login, context: BrowserContext, person: MakePerson, inbox: Inbox, base_url: str
) -> None:
    """Signed out, with a login under way in all its states, and signed in."""
    somebody = person()
    seen: dict[str, str] = {}
    _crawl(context, base_url, ["/connexion", "/demo", "/plan-du-site", "/connexion/code", "/"], seen)
    signed_out = len(seen)
    login.give(somebody)
    expect(login.heading).to_have_text("Un code de sécurité est nécessaire")
    _crawl(context, base_url, ["/connexion/code"], seen, again=True)
    login.ask()
    expect(login.code).to_be_visible()
    _crawl(context, base_url, ["/connexion/code"], seen, again=True)
    login.enter(inbox.code(somebody))
    login.is_home(somebody)
    _crawl(context, base_url, ["/accueil", "/demo/boite"], seen, again=True)
    assert signed_out > 30
    assert {"/accueil", "/aide/questions", "/demo/horloge"} <= {urlsplit(url).path for url in seen}


def _crawl(context: BrowserContext, base_url: str, paths: list[str], seen: dict[str, str], *, again: bool = False) -> None:
    """Follow every link and file from these pages on; each must answer 200, and hold the places that links name in it."""
    waiting = [(urljoin(base_url, path), "") for path in paths]
    if again:
        for url, _ in waiting:
            seen.pop(url, None)
    while waiting:
        url, place = waiting.pop()
        if url not in seen:
            answer = context.request.get(url)
            assert answer.status == 200, f"{url}: {answer.status}"
            is_page = answer.headers["content-type"].startswith("text/html")
            seen[url] = answer.text() if is_page else ""
            links = (urldefrag(urljoin(answer.url, link.replace("&amp;", "&"))) for link in _LINK.findall(seen[url]))
            waiting += [(link.url, link.fragment) for link in links if link.url.startswith(f"{base_url}/")]
        assert not place or f'id="{place}"' in seen[url], f"{url}#{place} leads nowhere"
