"""The JSON door of my devices and biometrics. Names and statuses: contract, *Biometrics*; removing all of a kind is ours."""

from uuid import UUID

from litestar import Response, Router, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from server.devices.flow import Devices, DevicesFlow
from server.refusals import Why
from server.request_context import Caller
from server.web.problems import may_refuse
from server.web.requests import CLEAR_SITE_DATA


@get(responses=may_refuse(Why.NOT_SIGNED_IN))
async def list_devices(caller: NamedDependency[Caller], devices: NamedDependency[DevicesFlow]) -> Devices:
    """What lets the account's owner in. An expired credential is listed until it is removed."""
    return await devices.list(caller)


@delete("/{kind:str}/{item_id:uuid}", responses=may_refuse(Why.NOT_SIGNED_IN, Why.NOT_FOUND))
async def remove(
    kind: FromPath[str], item_id: FromPath[UUID], caller: NamedDependency[Caller], devices: NamedDependency[DevicesFlow]
) -> Response[None]:
    """Remove one, and end the sessions that it let in. `kind`: `trusted-devices`, `biometric-credentials` or `sessions`."""
    return _removed(signed_out=await devices.remove(caller, kind, item_id))


@delete("/{kind:str}", responses=may_refuse(Why.NOT_SIGNED_IN, Why.NOT_FOUND))
async def remove_all(
    kind: FromPath[str], caller: NamedDependency[Caller], devices: NamedDependency[DevicesFlow]
) -> Response[None]:
    """Remove all of a kind; of the sessions all but this one."""
    return _removed(signed_out=await devices.remove_all(caller, kind))


def _removed(*, signed_out: bool) -> Response[None]:
    """Where that has ended the session that asked, the browser is told as at a logout."""
    return Response(None, status_code=204, headers=CLEAR_SITE_DATA if signed_out else None)


router = Router("/api/v1/devices", route_handlers=[list_devices, remove, remove_all], tags=["Devices"])
