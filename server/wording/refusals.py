"""What people read of a refusal, in French: the same words for a page and for a problem's `detail`.

The facts each must carry: product page, section 1 (*Refusals on the web*).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from server import policy
from server.refusals import Refused, Why
from server.settings import SiteSettings
from server.wording.french import counted, duration, paris_date, paris_until, typeset

_Members = dict[str, Any]

# Sentences for one wrong field, by what `errors` names.
FIELD_WORDS = {
    "not-a-number": "Ce numéro n’est pas reconnu. Vérifiez ses 13 caractères, et sa clé de 2 chiffres si vous la donnez.",
    "not-a-code": f"Le code se compose de {policy.LOGIN_CODE_DIGITS} chiffres.",
    "missing": "Remplissez ce champ.",
    "forgotten": "Ce navigateur ne retient plus votre numéro. Saisissez-le de nouveau.",
    "unknown": "Ce champ n’existe pas.",
    "wrong": "La valeur de ce champ n’est pas au bon format.",
}


@dataclass(frozen=True, slots=True)
class Words:
    """A title and one or two sentences."""

    title: str
    detail: str


def title(why: Why) -> str:
    """The title of a way to say no, whatever the members."""
    return typeset(_WORDS[why][0])


def words(refused: Refused, site: SiteSettings) -> Words:
    """The words for a refusal."""
    heading, detail = _WORDS[refused.why]
    if refused.because in _CASES:
        detail = _CASES[refused.because]
    if callable(detail):
        detail = detail(refused.members)
    return Words(
        typeset(heading), typeset(detail.format(helpline=site.helpline.replace(" ", "\u00a0"), fund_mail=site.fund_mail))
    )


def _tries(what: str, lock: policy.Lock) -> Callable[[_Members], str]:
    def sentence(members: _Members) -> str:
        left = counted(members["tries_left"], "essai")
        return (
            f"{what} Il vous reste {left} : après {lock.tries} erreurs, la connexion est bloquée pendant {duration(lock.length)}."
        )

    return sentence


def _locked(members: _Members) -> str:
    until = paris_until(members["until"])
    return {
        "login": f"Trop de mots de passe erronés ont été saisis. Vous pourrez réessayer le {until}. "
        "Si vous ne vous souvenez plus de votre mot de passe, rendez-vous sur « mot de passe oublié ».",
        "login-code": f"Trop de codes erronés ont été saisis. Vous pourrez recommencer le {until}. "
        "Il vous faudra alors un nouveau code.",
        "address": f"Trop d’essais sont venus de votre connexion à internet. Vous pourrez réessayer le {until}.",
    }.get(members["scope"], f"Ce service est bloqué. Vous pourrez réessayer le {until}.")


def _step(members: _Members) -> str:
    return {
        "login": "Votre connexion a été interrompue. Saisissez de nouveau votre numéro et votre mot de passe.",
        "code": "Demandez d’abord un code de sécurité.",
        "recovery": "Trop d’erreurs se sont suivies. Pour protéger votre compte, il faut changer son mot de passe : "
        "rendez-vous sur « mot de passe oublié ».",
    }.get(members["next"], "Une étape manque avant celle-ci.")


def _quota(members: _Members) -> str:
    return (
        f"Vous avez demandé le nombre maximal de codes. Vous pourrez en redemander le {paris_until(members['until'])}. "
        "D’ici là, cherchez ceux déjà envoyés, y compris dans vos courriers indésirables."
    )


_THE_OTHER_WAY = "Connectez-vous avec votre mot de passe et un code."

# Cases of one slug that people must tell apart, by `Refused.because`.
_CASES: dict[str, str | Callable[[_Members], str]] = {
    "login-code-requests": _quota,
    "in-a-row": lambda members: (
        f"Trop d’erreurs se sont suivies. La connexion est bloquée jusqu’au {paris_until(members['until'])} ; "
        "après, il faudra changer de mot de passe avant tout nouvel essai : rendez-vous sur « mot de passe oublié »."
    ),
    "challenge": "Cette demande a expiré, ou elle a déjà servi. Réessayez, ou connectez-vous avec votre mot de passe et un code.",
    "unknown": f"La biométrie n’est plus active pour cet appareil. {_THE_OTHER_WAY}",
    "activation": "Votre appareil n’a pas pu être reconnu pour l’activation. Rien n’a changé : réessayez quand vous voulez.",
    "activation-too-late": "La demande a expiré, ou elle a déjà servi. Rien n’a changé : réessayez quand vous voulez.",
    "known": "Cette clé a déjà été enregistrée. Réessayez : votre appareil en créera une nouvelle.",
    "newer-sent": "Ce code vient d’un mail plus ancien. Seul compte celui du dernier mail, qui porte la référence indiquée ici. "
    "Cet essai a été compté.",
}

_WORDS: dict[Why, tuple[str, str | Callable[[_Members], str]]] = {
    Why.INVALID_REQUEST: ("Demande incomplète", "Il manque une information, ou l’une d’elles n’est pas au bon format."),
    Why.INVALID_CREDENTIALS: (
        "Numéro ou mot de passe incorrect",
        _tries("Le numéro et le mot de passe ne correspondent pas.", policy.PASSWORD_TRIES),
    ),
    Why.INVALID_CODE: (
        "Code incorrect",
        _tries("Ce code n’est pas celui de notre dernier mail.", policy.CODE_TRIES),
    ),
    Why.CODE_EXPIRED: (
        "Ce code n’est plus valable",
        f"Un code sert pendant {duration(policy.LOGIN_CODE_LIFE)}, et seul le dernier reçu compte. Demandez un nouveau code.",
    ),
    Why.LOCKED: ("Accès bloqué pour un moment", _locked),
    Why.ADDRESS_MISSING: (
        "Votre adresse mail n’est pas validée",
        (
            "Pour vous connecter, un code doit vous être envoyé par mail, et votre compte n’a pas d’adresse validée. "
            "Validez-la dans l’application sur votre téléphone, ou contactez votre caisse au {helpline} ou à {fund_mail}."
        ),
    ),
    Why.ACCOUNT_CLOSED: (
        "Votre compte est fermé",
        lambda members: (
            f"Il a été fermé le {paris_date(members['closed_on'])}. Vous pouvez le rouvrir en passant par "
            "« créer un compte », votre carte d’assuré et vos coordonnées bancaires sous la main."
        ),
    ),
    Why.FILE_UPDATE_NEEDED: (
        "Votre dossier doit être mis à jour",
        (
            "Nous ne trouvons pas votre caisse dans votre dossier. Contactez-la au {helpline} ou à {fund_mail} : "
            "elle le mettra à jour avec vous."
        ),
    ),
    Why.ATTACHMENT_PENDING: (
        "Votre rattachement est en cours",
        "Votre caisse vous inscrit en ce moment. Votre compte sera bientôt disponible : revenez dans quelques jours.",
    ),
    Why.NOT_SIGNED_IN: ("Vous n’êtes pas connecté", "Connectez-vous pour continuer."),
    Why.STEP_MISSING: ("Une étape manque", _step),
    Why.FULL_LOGIN_NEEDED: (
        "Une connexion avec un code est nécessaire",
        (
            "Pour activer la biométrie, connectez-vous d’abord avec votre mot de passe et un code reçu par mail : "
            f"vous avez ensuite {duration(policy.RECENT_LOGIN)} pour le faire."
        ),
    ),
    Why.BIOMETRIC_FAILED: (
        "La biométrie n’a pas fonctionné",
        "Nous n’avons pas pu vous reconnaître ainsi. Connectez-vous avec votre mot de passe et un code, ou réessayez.",
    ),
    Why.BIOMETRIC_EXPIRED: (
        "La biométrie est à réactiver",
        lambda members: (
            f"Elle a été valable {policy.BIOMETRIC_MONTHS} mois sur cet appareil, jusqu’au {paris_date(members['expired_on'])}. "
            "Connectez-vous avec votre mot de passe et un code : vous pourrez ensuite l’activer de nouveau."
        ),
    ),
    Why.UNAVAILABLE: (
        "Le service est momentanément indisponible",
        "Réessayez dans quelques instants : rien n’a été compté ni perdu.",
    ),
    Why.CROSS_ORIGIN: ("Demande refusée", "Cette demande ne vient pas de notre site. Ouvrez-le, puis recommencez."),
    Why.UNKNOWN_HOST: ("Adresse inconnue", "Ce site ne répond pas à cette adresse."),
    Why.NOT_FOUND: ("Page introuvable", "Cette page n’existe pas, ou n’existe plus."),
    Why.METHOD_NOT_ALLOWED: ("Demande refusée", "Cette adresse ne prend pas ce genre de demande."),
    Why.TOO_LARGE: ("Demande trop volumineuse", "Ce que vous avez envoyé est trop volumineux."),
    Why.UNSUPPORTED_MEDIA_TYPE: ("Format non accepté", "Le format de ce qui a été envoyé n’est pas accepté ici."),
    Why.INTERNAL: (
        "Une erreur est survenue",
        "Elle vient de nous, et elle est notée. Réessayez ; si elle revient, appelez le {helpline} avec la référence indiquée.",
    ),
}
