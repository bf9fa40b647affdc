"""Spaces have limits of their own for each address; persons do not."""

from concurrent.futures import ThreadPoolExecutor

from server import policy
from tests.demo.conftest import NewVisitor
from tests.demo.visitor import slug


def test_an_address_that_is_slowed_in_one_space_is_not_in_another(new_visitor: NewVisitor) -> None:
    visitors = [new_visitor() for _ in range(8)]
    # The middle of one of the limit's windows, so that none ends meanwhile.
    visitors[0].move(now="2030-01-01T12:03:00Z")
    person = visitors[0].person()
    for _ in range(policy.PASSWORD_TRIES.tries):
        visitors[0].log_in(person, "wrong")

    # Locked by now, so no try costs a hash; each counts for the address all the same.
    def knock(number: int) -> str:
        return str(visitors[number % 8].log_in(person, "wrong").json()["scope"])

    with ThreadPoolExecutor(8) as pool:
        scopes = list(pool.map(knock, range(policy.WRONG_PASSWORDS_PER_ADDRESS.count)))
    assert scopes.count("login") == policy.WRONG_PASSWORDS_PER_ADDRESS.count - policy.PASSWORD_TRIES.tries
    assert scopes.count("address") == policy.PASSWORD_TRIES.tries
    elsewhere = new_visitor("elsewhere")
    assert elsewhere.log_in(person).json()["scope"] == "login"
    assert elsewhere.log_in(elsewhere.person()).json()["next"] == "code"
    assert slug(visitors[0].log_in(elsewhere.person())) == "locked"
    # The window goes by on the space's own clock.
    visitors[0].move(advance="PT30M")
    assert visitors[0].log_in(visitors[0].person()).json()["next"] == "code"
