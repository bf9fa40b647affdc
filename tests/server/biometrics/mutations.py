"""Honest WebAuthn responses made dishonest, each by one thing that matters."""

import json
from copy import deepcopy
from random import Random
from typing import Any

from fido2 import cbor
from fido2.utils import websafe_decode, websafe_encode

from tests.server.biometrics.ceremonies import Json

NESTED: Any = []
for _ in range(3000):
    NESTED = [NESTED]
JUNK: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**5000,
    "",
    "é\0",
    "AA",
    [],
    ["AA"],
    {},
    {"a": 1},
    float("nan"),
    b"AA",
    NESTED,
)
# CBOR that is no honest encoding: indefinite, a tag, a huge length, nested deep, a bigfloat, a shared reference to itself.
CBOR_JUNK = (
    b"\xbf\xff",
    b"\xc0\x61x",
    b"\x9b" + b"\xff" * 8,
    b"\x81" * 5000,
    b"\xc5\x82\x1a\x7f\xff\xff\xff\x03",
    b"\xd8\x1c\x81\xd8\x1d\x00",
)


def bytes_changed(chance: Random, raw: bytes) -> bytes:
    """Some bits turned, or the end cut, or more put in, or a part taken out, doubled or overwritten."""
    at, until = sorted((chance.randrange(len(raw) + 1), chance.randrange(len(raw) + 1)))
    more = chance.choice([chance.randbytes(chance.randint(1, 8)), *CBOR_JUNK])
    turned = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        turned[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return chance.choice(
        [
            bytes(turned),
            bytes(turned),
            bytes(turned),
            raw[:at],
            raw + more,
            raw[:at] + more + raw[at:],
            raw[:at] + raw[until:],
            raw[:until] + raw[at:],
            bytes(len(raw)),
        ]
    )


def text_changed(chance: Random, text: str) -> str:
    """Base64url that is none, or is not the one spelling."""
    at = chance.randrange(len(text))
    return chance.choice(
        [
            text + "=",
            text + "==",
            text + "\n",
            " " + text,
            text[:at] + chance.choice("+/.é\0%\u202f") + text[at:],
            text[:at] + "=" + text[at:],
            text[:-1],
            text * 40,
            text[:at] + "\u0661" + text[at + 1 :],
        ]
    )


def tree_changed(chance: Random, tree: dict[Any, Any], junk: tuple[Any, ...]) -> None:
    """Somewhere in it a member dropped, put instead of another, of another type, or one more."""
    inner = [value for value in tree.values() if isinstance(value, dict) and value]
    if inner and chance.random() < 0.5:
        return tree_changed(chance, chance.choice(inner), junk)
    name = chance.choice(list(tree))
    match chance.randrange(4):
        case 0:
            del tree[name]
        case 1:
            tree[name] = chance.choice(junk)
        case 2:
            tree[name] = tree[chance.choice(list(tree))]
        case 3:
            tree[chance.choice(["topOrigin", "x", 2, -4])] = chance.choice(junk)
    return None


def client_data_changed(chance: Random, raw: bytes) -> bytes:
    """Another JSON document, by its structure."""
    tree = json.loads(raw)
    tree_changed(chance, tree, tuple(one for one in JUNK if not isinstance(one, bytes) and one is not NESTED and one != 10**5000))
    text = json.dumps(tree)
    more = chance.choice(
        [
            '"origin":"https://evil.example"',
            '"x":' + "[" * 9000 + "]" * 9000,
            '"x":' + "9" * 5000,
            '"x":NaN',
            '"crossOrigin":true',
        ]
    )
    encoding = chance.choice(["utf-8", "utf-16", "utf-32", "utf-8-sig"])
    return chance.choice(
        [text, text, text[:-1] + "," + more + "}", raw.decode()[:-1] + "," + more + "}", "[" + text + "]"]
    ).encode(encoding)


def cbor_changed(chance: Random, raw: bytes) -> bytes:
    """Another attestation object, by its structure."""
    tree: Any = cbor.decode(raw)
    tree_changed(
        chance,
        tree,
        tuple(one for one in JUNK if one is not None and not isinstance(one, float) and one is not NESTED and one != 10**5000),
    )
    return cbor.encode(tree)


def mutated(chance: Random, response: Json, earlier: Json) -> Json:
    """The response with one thing changed that matters: transports, attachment and extension results are nobody's to judge."""
    result = deepcopy(response)
    inner = result["response"]
    names = [name for name in inner if name != "transports"]
    name = chance.choice(names)
    match chance.randrange(8):
        case 0 | 1 | 2:
            inner[name] = websafe_encode(bytes_changed(chance, websafe_decode(inner[name])))
        case 3:
            inner[name] = text_changed(chance, inner[name])
        case 4:
            inner["clientDataJSON"] = websafe_encode(client_data_changed(chance, websafe_decode(inner["clientDataJSON"])))
        case 5:
            name = "attestationObject" if "attestationObject" in inner else name
            changed = cbor_changed if name == "attestationObject" else bytes_changed
            inner[name] = websafe_encode(changed(chance, websafe_decode(inner[name])))
        case 6:
            where, which = chance.choice([(inner, name), *((result, one) for one in ("id", "rawId", "type", "response"))])
            where[which] = chance.choice([*JUNK, *earlier["response"].values()])
            if chance.random() < 0.3:
                del where[which]
        case 7:  # a part of another ceremony, or another credential's name on both
            inner[name] = earlier["response"].get(name, inner[names[0]])
            if chance.random() < 0.5:
                result["id"] = result["rawId"] = websafe_encode(bytes_changed(chance, websafe_decode(response["id"])))
    return result


def same(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except RecursionError:
        return False
