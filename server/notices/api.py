"""The JSON door of the notices. Names and statuses: contract, *Login*."""

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.notices.flow import NoticesFlow
from server.refusals import Why
from server.request_context import Caller
from server.web.problems import may_refuse
from server.web.requests import no_members


@post(
    "/{slug:str}/acknowledge",
    status_code=204,
    before_request=no_members,
    responses=may_refuse(Why.NOT_SIGNED_IN, Why.NOT_FOUND),
)
async def acknowledge(slug: FromPath[str], caller: NamedDependency[Caller], notices: NamedDependency[NoticesFlow]) -> None:
    """Acknowledge a notice: `terms` or `overlap`, in any order."""
    await notices.acknowledge(caller, slug)


router = Router("/api/v1/notices", route_handlers=[acknowledge], tags=["Login"])
