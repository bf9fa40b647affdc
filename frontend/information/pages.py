"""What the foot of every page leads to, and two ways in that the help line opens (product page, section 10)."""

from litestar import Router

from frontend.devices.devices_page import DEVICES
from frontend.help import pages as help_pages
from frontend.home.home_page import HOME
from frontend.login.first_page import NUMBER
from frontend.plain_pages import Page, handlers

ACCOUNT = (
    Page(
        NUMBER,
        "login/number.html",
        "Connexion à votre compte",
        "Numéro, mot de passe, code de sécurité.",
    ),
    Page(
        "/mot-de-passe-oublie",
        "information/forgotten_password.html",
        "Mot de passe oublié",
        "Comment en choisir un nouveau.",
    ),
    Page(
        "/creer-un-compte",
        "information/create_account.html",
        "Créer un compte",
        "Ce qu’il faut préparer, pour une première fois ou pour rouvrir.",
    ),
)
# Of a signed-in person: the site map names them, and another door opens them.
SIGNED_IN = (
    Page(HOME, "home/home.html", "Accueil de votre compte", "Votre dernière connexion, et ce qui vous attend."),
    Page(
        DEVICES,
        "devices/devices.html",
        "Mes appareils et biométrie",
        "Ce qui peut ouvrir votre compte, et comment le retirer.",
    ),
)
INFORMATION = (
    Page(
        "/conditions-d-utilisation",
        "information/terms.html",
        "Conditions d’utilisation",
        "Ce que ce compte vous apporte, et ce qu’il demande.",
    ),
    Page(
        "/conseils-de-securite",
        "information/security.html",
        "Conseils de sécurité",
        "Quelques réflexes pour que votre compte reste le vôtre.",
    ),
    Page(
        "/protection-des-donnees",
        "information/data.html",
        "Protection des données",
        "Ce que nous gardons, pourquoi, combien de temps.",
    ),
    Page(
        "/accessibilite",
        "information/accessibility.html",
        "Accessibilité",
        "Ce que nous garantissons, et à qui signaler un obstacle.",
    ),
    Page("/mentions-legales", "information/legal.html", "Mentions légales", "Qui édite ce site."),
    Page("/plan-du-site", "information/map.html", "Plan du site", "Toutes les pages, d’un coup d’œil."),
)
PAGES = (*ACCOUNT[1:], *INFORMATION)
LISTS = {"Votre compte": (*ACCOUNT, *SIGNED_IN), "Aide": help_pages.PAGES, "Informations": INFORMATION}

router = Router(path="/", route_handlers=handlers(PAGES, LISTS))
