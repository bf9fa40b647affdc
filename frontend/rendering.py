"""From a template and its values to a page: one minijinja environment over this folder, and others that are added."""

from dataclasses import dataclass
from pathlib import Path

from minijinja import Environment

from server import policy
from server.wording import french

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Site:
    """What every page may say about the place it is served from. All are settings.

    ``helpline`` is a telephone number as people read it, ``fund_mail`` a mail address.
    """

    insurer_name: str
    helpline: str
    fund_mail: str
    service_name: str = "Portillon"
    kiosk: bool = False
    federation: bool = False
    demo: bool = False


def _dialled(number: str) -> str:
    """What a telephone dials of a number written for people."""
    return "".join(character for character in number if character in "+0123456789")


class Pages:
    """Renders the pages of one site. A name that the context lacks is an error, never an empty string."""

    def __init__(self, site: Site, *folders: Path) -> None:
        self._site = site
        self._folders = folders or (FOLDER,)
        self._environment = Environment(
            loader=self._load,
            undefined_behavior="strict",
            trim_blocks=True,
            lstrip_blocks=True,
            debug=False,
            globals={"site": site, "policy": policy},
            filters={
                "paris_date": french.paris_date,
                "paris_time": french.paris_time,
                "paris_datetime": french.paris_datetime,
                "paris_until": french.paris_until,
                "duration": french.duration,
                "counted": french.counted,
                "spaced_digits": french.spaced_digits,
                "dialled": _dialled,
            },
        )

    def render(self, template: str, **context: object) -> str:
        """Render `template` (a path in this folder). Every page needs ``path`` and ``signed_in`` in its context.

        Raises:
            minijinja.TemplateError: no such template, or a value is missing.
        """
        return self._environment.render_template(template, **context)

    def with_folder(self, folder: Path) -> "Pages":
        """The same pages and those of one more folder, which may extend them."""
        return Pages(self._site, *self._folders, folder)

    def _load(self, name: str) -> str | None:
        files = (folder / name for folder in self._folders)
        return next((file.read_text("utf-8") for file in files if file.is_file()), None)
