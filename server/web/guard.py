"""Who may use which door: a bearer token in, a `Principal` out, or 401 and 403 that say what is needed.

Each attribute of a `Guard` is a FastAPI dependency: `caller: Annotated[Principal, guard.device]`. The OpenAPI document
lists each as a security scheme. Other systems (server keys) may do what staff may, but for what only an owner may. Cashiers pass where
they are named, and nowhere else; staff of some shops where a door is known to keep to them (shops.py).
Who came to a door that lets staff in is noted for the audit log (audit.py), let in or not.
"""

from contextvars import ContextVar
from typing import Any, Final

from fastapi import Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import Request
from starlette.types import Scope

from server.records.keys import ROLES, Keyring, Kind, Principal, Role
from server.web.problem import Problem
from server.web.shops import keeps_to_shops, refuse_named_in_address

_NAMES: Final[dict[Kind, str]] = {
    "app": "an app key",
    "server": "a server key",
    "gateway": "a gateway's token",
    "device": "a device's token",
    "staff": "a staff session",
}


#: Whose acts are written down, at doors that let staff in.
_WATCHED: Final[frozenset[Kind]] = frozenset({"staff", "server"})

#: Where no roles are named. A cashier is at the till and nowhere else.
USUAL: Final[tuple[Role, ...]] = tuple(role for role in ROLES if role != "cashier")


def note(request: Request, who: Principal) -> None:
    """This request is that of `who`: what becomes of it is written down."""
    request.state.passed_by = who


#: Of whom and of what the request under way really read or changed, by the words of records.audit; None where nobody asks.
NOTED: Final[ContextVar[list[tuple[str, str]] | None]] = ContextVar("noted", default=None)


def about(word: str, name: str) -> None:
    """This request is about the thing of this name, whatever else it names: the audit log tells of it first.

    In: what kind of thing it is (`shopper`, `device`), and our id of it.
    """
    noted = NOTED.get()
    if noted is not None:
        noted.append((word, name))


def passed_by(scope: Scope) -> Principal | None:
    """Whose request this is, where it is to be written down."""
    who: Principal | None = scope.get("state", {}).get("passed_by")
    return who


class Door(SecurityBase):
    """Lets in principals of some kinds, and of staff those with one of `roles` (none given: any but cashiers).

    `own`: it is about whoever comes, so that it does not matter of which shops they are. `watched`: whose acts are written down.
    """

    def __init__(
        self,
        keyring: Keyring,
        scheme_name: str,
        kinds: tuple[Kind, ...],
        roles: tuple[Role, ...] = (),
        *,
        own: bool = False,
        watched: frozenset[Kind] = _WATCHED,
    ) -> None:
        self._keyring = keyring
        self._kinds = kinds
        self._roles = roles or USUAL
        self._own = own
        self._watched = watched
        self.scheme_name = scheme_name
        self.needs = " or ".join(_NAMES[kind] for kind in kinds)
        if roles and roles != ROLES:
            self.needs += f" (as {' or '.join(roles)})"
        self.model = HTTPBearer(description=f"The token of {self.needs}, as `Authorization: Bearer <token>`.")

    async def __call__(self, request: Request) -> Principal:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise self._unauthorized(
                f"This door needs {self.needs} as a bearer token.", 'Bearer realm="soglia"'
            )
        principal = await self._keyring.look_up(token.strip())
        if principal is None:
            raise self._unauthorized(
                "This token is not known, was revoked, or has expired.",
                'Bearer realm="soglia", error="invalid_token"',
            )
        if "staff" in self._kinds and principal.kind in self._watched:
            note(request, principal)
        if principal.kind not in self._kinds:
            raise self._forbidden(f"This door needs {self.needs}; this is {_NAMES[principal.kind]}.")
        if principal.kind == "staff" and principal.role not in self._roles:
            raise self._forbidden(f"This door needs {self.needs}; you are {principal.role}.")
        if principal.shops is not None and not self._own:
            if not keeps_to_shops(request.scope):
                raise self._forbidden("This door shows or changes things of all shops; you are of some.")
            await refuse_named_in_address(self._keyring.database, request.scope, principal.shops)
        return principal

    @staticmethod
    def _unauthorized(detail: str, challenge: str) -> Problem:
        return Problem(401, None, detail, headers={"WWW-Authenticate": challenge})

    @staticmethod
    def _forbidden(detail: str) -> Problem:
        challenge = 'Bearer realm="soglia", error="insufficient_scope"'
        return Problem(403, None, detail, headers={"WWW-Authenticate": challenge})


class Guard:
    """The doors by who they are for; `keyring` is what they ask."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        #: A phone, for itself.
        self.device: Any = Security(Door(keyring, "device", ("device",)))
        #: The shop's app before it has a device of its own; the shop's server may always do it too.
        self.app: Any = Security(Door(keyring, "app", ("app", "server")))
        #: The till, the online shop, the CRM.
        self.server: Any = Security(Door(keyring, "server", ("server",)))
        #: A store gateway, for itself.
        self.gateway: Any = Security(Door(keyring, "gateway", ("gateway",)))
        #: Whoever looks: any staff, and the shop's systems.
        self.reader: Any = Security(Door(keyring, "reader", ("staff", "server")))
        #: Whoever serves shoppers one by one: analysts count, and see nobody.
        self.host: Any = Security(
            Door(keyring, "host", ("staff", "server"), ("owner", "manager", "marketer"))
        )
        #: Whoever arranges the shop: zones, anchors, gateways, shoppers.
        self.manager: Any = Security(Door(keyring, "manager", ("staff", "server"), ("owner", "manager")))
        #: Whoever decides what is said: campaigns.
        self.marketer: Any = Security(Door(keyring, "marketer", ("staff", "server"), ("owner", "marketer")))
        #: Whoever may let others in: staff and keys. No server key: a stolen one must not make more of itself.
        self.owner: Any = Security(Door(keyring, "owner", ("staff",), ("owner",)))
        #: Staff for themselves: to log out.
        self.session: Any = Security(Door(keyring, "session", ("staff",), ROLES, own=True))
        #: Whoever stands at a till. What a till's own system does is its own record; what somebody does is told in the audit log.
        self.till: Any = Security(
            Door(
                keyring,
                "till",
                ("staff", "server"),
                ("owner", "manager", "cashier"),
                watched=frozenset({"staff"}),
            )
        )
