"""A reset: everything as at first start, in every process."""

from concurrent.futures import ThreadPoolExecutor

from demo.people import fixed
from tests.demo.conftest import NewVisitor
from tests.demo.visitor import Visitor, slug


def test_everything_is_as_at_first_start(visitor: Visitor, new_visitor: NewVisitor) -> None:
    first = fixed()[0]
    locked = {"nir": first.nir, "password": first.password, "email": first.email}
    for _ in range(3):
        visitor.log_in(locked, "wrong")
    someone = visitor.person()
    signed_in = new_visitor()
    signed_in.log_in_with_code(someone)
    visitor.move(advance="P1D")
    assert visitor.http.post("/api/demo/reset").status_code == 204

    assert visitor.http.get("/api/demo/clock").json()["offset_s"] == 0
    assert visitor.messages() == []
    assert slug(signed_in.session()) == "not-signed-in"
    assert slug(visitor.log_in(someone)) == "invalid-credentials"
    assert visitor.why(locked)["refusal"] is None
    visitor.log_in_with_code(locked)
    assert visitor.messages(to=first.email)[0]["id"] == "1"
    assert visitor.person()["nir"] != someone["nir"]


def test_several_at_once(new_visitor: NewVisitor) -> None:
    visitors = [new_visitor() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda visitor: visitor.http.post("/api/demo/reset").status_code, visitors))
    assert answers == [204] * 4
    assert visitors[0].log_in({"nir": fixed()[0].nir, "password": fixed()[0].password}).json()["next"] == "code"
