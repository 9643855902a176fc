"""What the roles of staff are called, and what each may do, for who gives them."""

from typing import Final

from server.web.console.desk import Desk
from server.web.console.languages import later

#: In the order in which they are offered.
ROLES: Final = {
    "owner": (later("Owner"), later("everything, and who else comes in")),
    "manager": (later("Store manager"), later("zones, gateways, shoppers and the till")),
    "marketer": (later("Marketer"), later("campaigns, segments and coupons")),
    "analyst": (later("Analyst"), later("looks at numbers, sees no shopper")),
    "cashier": (later("Cashier"), later("the till, and nothing else")),
}

#: Whose work may be that in some shops alone.
OF_SHOPS: Final = frozenset({"manager", "cashier"})


def role_name(desk: Desk, role: str) -> str:
    return desk.say(ROLES[role][0]) if role in ROLES else role


def role_choices(desk: Desk) -> dict[str, str]:
    """For a list to choose from: `Marketer: campaigns, segments and coupons`."""
    return {role: f"{desk.say(name)}: {desk.say(may)}" for role, (name, may) in ROLES.items()}
