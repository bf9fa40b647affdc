"""The social-security number: one canonical form before anything else.

Source: product page, *Words*; security page, *Guessing* (one canonical NIR).
"""

import re
import unicodedata

from stdnum.fr import nir as stdnum_nir

_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2015\u2212\u200b\u2060\ufeff]+")
_SHAPE = re.compile(r"[1-478]\d{4}(?:\d\d|2[AB])\d{6}(?:\d\d)?", re.ASCII)


class NotANir(ValueError):
    """What was typed cannot be a number; the message says nothing of it."""


def canonical(typed: str) -> str:
    """The 13 characters of a number typed with or without key, spaces, dots, hyphens, in full-width digits or ``2a``.

    Raises NotANir where any other character stands, the length is not 13 or 15, or the key is not the number's.
    """
    if len(typed) > 64:  # nobody types more; NFKC of a long text is slow
        raise NotANir
    text = _SEPARATORS.sub("", unicodedata.normalize("NFKC", typed)).upper()
    if not _SHAPE.fullmatch(text):
        raise NotANir
    number = text[:13]
    if len(text) == 15 and text[13:] != key(number):
        raise NotANir
    return number


def key(number: str) -> str:
    """The 2-digit control key of 13 canonical characters: 97 − number mod 97, Corsica read as 19 and 18."""
    return str(stdnum_nir.calc_check_digits(number))


def masked(number: str) -> str:
    """A number that its owner recognises and a passer-by does not learn: first digit and last two."""
    return f"{number[0]} •• •• •• ••• •{number[11:]}"
