"""Staff of some shops see and change nothing of others: which doors keep to somebody's shops, and what they ask for that.

In: a request, a `Principal`. Out: whether the door is one of those; refusals. A door that is not named here is shut to whoever is of some
shops only: a new one shows nothing before somebody has thought of it. What lies in which shop is known to records (shops.py there).
"""

from typing import Final

from starlette.types import Scope

from server.records.keys import Principal
from server.web.problem import Problem

#: The doors that keep to the shops of whoever comes; and a few that hold nothing of any shop.
KEEP_TO_SHOPS: Final = frozenset(
    {
        "POST /v1/redemptions",
        "POST /v1/redemptions/rollback",
        "GET /v1/redemptions",
        "GET /v1/till/shops",
    }
)


def keeps_to_shops(scope: Scope) -> bool:
    """Whether this request is at a door that shows and changes only what lies in its caller's shops."""
    path = getattr(scope.get("route"), "path", "")
    return f"{scope['method']} {path}" in KEEP_TO_SHOPS


def refuse_other_shops(caller: Principal, shop: str | None) -> None:
    """Raises Problem (403) where somebody of some shops does something in another, or does not say where."""
    if caller.shops is not None and shop not in caller.shops:
        theirs = ", ".join(sorted(caller.shops))
        where = f"in {shop}" if shop else "in no shop that it names"
        raise Problem(403, None, f"You are of {theirs}; this would be {where}.")
