"""The personas: kinds of insured people, each set up to show one thing. Source: contract, `GET /api/demo/personas`.

Not listed until what they show is built: recent-address-change, advisor.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Persona:
    """One kind. `about` is for programs; `title` and `shows` are for the page."""

    slug: str
    about: str
    title: str
    shows: str
    registry: Mapping[str, str | None] = field(default_factory=dict)
    account: bool = True
    email: bool = True
    confirmed: bool = True
    closed: bool = False
    logins: int = 0
    devices: tuple[str, ...] = ()
    terms: bool = True
    overlap: bool = False
    declined: bool = False

    @property
    def has_browser(self) -> bool:
        """Whether what it shows shows in a browser of theirs only."""
        return bool(self.devices) or self.declined


# New ones go last: the number of each fixed person hangs on the place here, and older demo databases hold them.
PERSONAS = (
    Persona(
        "ordinary",
        "An account in order that has never logged in: password, code, home.",
        "Compte en règle",
        "Tout est en ordre : mot de passe, code par mail, accueil. C’est sa première connexion.",
    ),
    Persona(
        "second-login",
        "An account in order that has logged in once before, yesterday: with a code, biometrics are offered.",
        "Deuxième connexion",
        "Tout est en ordre : l’accueil montre la connexion de la veille et, sur un appareil qui s’y prête, propose la biométrie.",
        logins=1,
    ),
    Persona(
        "no-address",
        "The account has no e-mail address: refused with address-missing after the right password.",
        "Sans adresse mail",
        "Après le bon mot de passe : refus, faute d’adresse où envoyer un code.",
        email=False,
    ),
    Persona(
        "unconfirmed-address",
        "The account has an address that was never confirmed: refused with address-missing after the right password.",
        "Adresse jamais confirmée",
        "Après le bon mot de passe : refus, car l’adresse n’a pas été validée.",
        confirmed=False,
    ),
    Persona(
        "closed",
        "The account was closed 90 days ago: refused with account-closed after the right password.",
        "Compte fermé",
        "Après le bon mot de passe : refus, avec la date de fermeture.",
        logins=12,
        closed=True,
    ),
    Persona(
        "no-fund",
        "The registry knows no fund: refused with file-update-needed after the right password.",
        "Sans caisse au dossier",
        "Après le bon mot de passe : refus, le dossier doit être mis à jour.",
        registry={"fund": None},
    ),
    Persona(
        "attachment-pending",
        "Being attached to a fund: refused with attachment-pending after the right password.",
        "Rattachement en cours",
        "Après le bon mot de passe : refus, le compte arrive bientôt.",
        registry={"attachment": "pending"},
    ),
    Persona(
        "not-created",
        "In the registry only, without an account: refused with invalid-credentials, like a number that nobody has.",
        "Pas encore de compte",
        "Au registre, mais sans compte : refus, comme pour un numéro inconnu.",
        account=False,
    ),
    Persona(
        "many-devices",
        "An account with four trusted devices; trusted_devices gives each one's cookie.",
        "Plusieurs appareils reconnus",
        "Tout est en ordre, et quatre appareils sont reconnus. Ici, le code est demandé, à moins de prendre son navigateur.",
        logins=31,
        devices=("Firefox sur Linux", "Chrome Mobile sur Android", "Mobile Safari sur iOS", "Edge sur Windows"),
    ),
    Persona(
        "biometric-never",
        "Has said never to biometrics in one browser, where they are not offered: browser_cookie is its portillon-browser.",
        "Jamais de biométrie",
        "Ne veut plus qu’on propose l’empreinte ni le visage dans son navigateur. Prenez-le pour voir qu’on s’y tient.",
        logins=1,
        declined=True,
    ),
    Persona(
        "terms-pending",
        "Has accepted older terms of use only: the notice terms waits after the login, and biometrics are offered after it.",
        "Conditions à accepter",
        "Après la connexion : les conditions d’utilisation ont changé, à accepter avant qu’autre chose soit proposé.",
        logins=1,
        terms=False,
    ),
    Persona(
        "overlap-pending",
        "Two complementary insurers overlap in the registry: the notice overlap waits, and biometrics are offered after it.",
        "Deux complémentaires",
        "Après la connexion : deux complémentaires se chevauchent au dossier, à lire avant qu’autre chose soit proposé.",
        logins=1,
        overlap=True,
    ),
)
BY_SLUG = {persona.slug: persona for persona in PERSONAS}

# Short, without accents, easily told apart: passwords are made of them.
WORDS = """
Abricot Agenda Balcon Barque Bouleau Brume Cabane Cactus Canoe Carafe Cerise Citron Cobalt Colline Coquille Crayon
Damier Dune Etoile Fanfare Figue Fougere Galet Girafe Grenier Hamac Herbier Iris Jardin Jonquille Lanterne Lavande
Lichen Luciole Marelle Mimosa Moulin Muguet Nacre Navire Noisette Ocre Olive Orage Panier Papier Phare Pinceau
Plume Ponton Prairie Quai Radeau Ruche Sable Safran Sentier Tilleul Toupie Tulipe Vanille Verger Violon Voilier
""".split()  # noqa: SIM905 - a list would take sixty-four lines


def password(drawn: bytes) -> str:
    """Three words and a digit out of four bytes: strong, soon typed, and within the rules (product page, section 4)."""
    words = "-".join(WORDS[byte % len(WORDS)] for byte in drawn[:3])
    return f"{words}-{2 + drawn[3] % 8}"
