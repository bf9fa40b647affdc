"""The social-security number: one canonical form before anything else.

Source: product page, *Words*; security page, *Guessing* (one canonical NIR).
"""

import re

from stdnum.fr import nir as stdnum_nir

# Listed, because \s takes control characters too, and NFKC makes digits of ①, ² and their like.
_SPACES = r"\t\n\r \u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
_SEPARATORS = re.compile(rf"[{_SPACES}.\-\u2010-\u2015\u2212\ufe58\ufe63]+")
_FROM_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_TYPED_AT_MOST = 64  # nobody types more
_LENGTH = 13  # without its key
_SHAPE = re.compile(r"[1-478]\d{4}(?:\d\d|2[AB])\d{6}(?:\d\d)?", re.ASCII)


class NotANir(ValueError):
    """What was typed cannot be a number; the message says nothing of it."""


def canonical(typed: str) -> str:
    """The 13 characters of a number typed with or without key, spaces, dots, hyphens, in full-width digits or ``2a``.

    Raises NotANir where any other character stands, the length is not 13 or 15, or the key is not the number's.
    """
    if len(typed) > _TYPED_AT_MOST:
        raise NotANir
    text = _SEPARATORS.sub("", typed.translate(_FROM_FULL_WIDTH)).upper()
    if not _SHAPE.fullmatch(text):
        raise NotANir
    number, typed_key = text[:_LENGTH], text[_LENGTH:]
    if typed_key and typed_key != key(number):
        raise NotANir
    return number


def key(number: str) -> str:
    """The 2-digit control key of 13 canonical characters: 97 − number mod 97, Corsica read as 19 and 18."""
    return str(stdnum_nir.calc_check_digits(number))


def masked(number: str) -> str:
    """A number that its owner recognises and a passer-by does not learn: first digit and last two."""
    return f"{number[0]} •• •• •• ••• •{number[11:]}"
