"""The help pages (product page, section 10)."""

from litestar import Router

from frontend.plain_pages import Page, handlers

INDEX = Page("/aide", "help/index.html", "Aide", "Les réponses à ce qui arrive souvent.")
TOPICS = (
    Page(
        "/aide/numero",
        "help/number.html",
        "Où trouver votre numéro de sécurité sociale",
        "Sur votre carte, vos attestations, vos bulletins de paie.",
    ),
    Page(
        "/aide/carte",
        "help/card.html",
        "Où trouver le numéro de série de votre carte",
        "Sa place change selon le modèle\u00a0: un dessin pour chacun.",
    ),
    Page(
        "/aide/code-non-recu",
        "help/no_code.html",
        "Le code de sécurité n’arrive pas",
        "Ce qu’il faut vérifier, dans l’ordre.",
    ),
    Page(
        "/aide/adresse-perdue",
        "help/lost_mailbox.html",
        "Votre adresse mail n’est plus la bonne",
        "Boîte fermée, mot de passe du mail oublié, adresse mal notée.",
    ),
    Page(
        "/aide/appareil-reconnu",
        "help/trusted_device.html",
        "Se souvenir de cet appareil",
        "Se connecter sans code chez soi, et quand ne pas le faire.",
    ),
    Page(
        "/aide/biometrie",
        "help/biometrics.html",
        "L’empreinte ou le visage",
        "Entrer d’un geste, sans que rien de votre corps ne nous parvienne.",
    ),
    Page(
        "/aide/connexion-federee",
        "help/federated.html",
        "La connexion fédérée",
        "Entrer avec un compte que vous avez ailleurs\u00a0: ce que c’est.",
    ),
    Page(
        "/aide/questions",
        "help/questions.html",
        "Questions et réponses",
        "Blocages, délais, sécurité\u00a0: les questions les plus fréquentes.",
    ),
)
PAGES = (INDEX, *TOPICS)

router = Router(path="/", route_handlers=handlers(PAGES, {"Aide": TOPICS}))
