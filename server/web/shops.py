"""Staff of some shops see and change nothing of others: which doors keep to somebody's shops, and what they ask for that.

In: a request, a `Principal`. Out: whether the door is one of those; refusals. A door that is not named here is shut to whoever is of some
shops only: a new one shows nothing before somebody has thought of it. What lies in which shop is known to records (shops.py there).
"""

from typing import Final

from starlette.types import Scope

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
