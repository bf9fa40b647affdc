"""20,000 honest responses made dishonest, each drawn from a seed: none is accepted, and each is refused in the one way.

The registrations carry self attestation, so that all of them is signed: in one without, nothing could tell another counter or
model from the true one.
"""

from contextlib import suppress
from copy import deepcopy
from functools import cache
from random import Random

import pytest

from server.biometrics import ceremony
from server.biometrics.ceremony import CeremonyRefused, StoredCredential
from tests.authenticator import SoftwareAuthenticator
from tests.server.biometrics.ceremonies import CREATION, ORIGIN, REQUEST, Json, assert_by, register
from tests.server.biometrics.mutations import mutated, same

SEEDS, EACH = 20, 1000
ALGORITHMS = (-7, -8, -257)


@cache
def honest(algorithm: int) -> tuple[Json, Json, Json, StoredCredential]:
    """A registration, an assertion, another assertion of an earlier challenge, and what is stored."""
    authenticator = SoftwareAuthenticator(ORIGIN, algorithm=algorithm)
    registration = authenticator.create(CREATION, attestation="packed", extensions={"credProtect": 2})
    credential = StoredCredential(
        authenticator.credentials[0].id, register(registration).public_key, 1, authenticator.credentials[0].user_handle, False
    )
    assertion, earlier = authenticator.get(REQUEST), authenticator.get(REQUEST, challenge=b"earlier" * 5)
    assert assert_by(assertion, credential).sign_count == 2
    return registration, assertion, earlier, credential


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_mutation_is_accepted(seed: int) -> None:
    chance = Random(seed)
    accepted, reasons, tried = [], set(), 0
    while tried < EACH:
        registration, assertion, earlier, credential = honest(chance.choice(ALGORITHMS))
        response = chance.choice([registration, assertion])
        odd = mutated(chance, response, earlier)
        if same(odd, response):
            continue
        tried += 1
        try:
            accepted.append((odd, register(odd) if response is registration else assert_by(odd, credential)))
        except CeremonyRefused as refusal:
            if type(refusal) is not CeremonyRefused:  # the counter's, which comes after a good signature
                accepted.append((odd, refusal))
            reasons.add(f"{refusal} {refusal.__cause__}"[:60])
        for named in (ceremony.client_challenge, ceremony.credential_id_of):
            with suppress(CeremonyRefused):
                assert isinstance(named(odd), bytes)
    assert accepted == []
    # They get past the first check, and as far as the last.
    assert len(reasons) > 20
    assert any("signature" in reason for reason in reasons)


def test_the_honest_ones_are_accepted_all_along() -> None:
    for algorithm in ALGORITHMS:
        registration, assertion, _, credential = honest(algorithm)
        assert register(deepcopy(registration)).public_key == credential.public_key
        assert assert_by(deepcopy(assertion), credential)
