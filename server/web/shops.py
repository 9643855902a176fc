"""Staff of some shops see and change nothing of others: which doors keep to somebody's shops, and what they ask for that.

In: a request, a `Principal`. Out: whether the door is one of those; refusals. A door that is not named here is shut to whoever is of some
shops only: a new one shows nothing before somebody has thought of it. What an address names is looked at here, for all doors alike: what lies
in other shops is not there (404). Lists ask records for what lies in the caller's shops (`caller.shops`), and bodies are held against them
here (403). What lies in which shop is known to records (shops.py there).

A campaign is seen by whoever is of a shop that it listens in, without the other shops that it names; a shopper by whoever is of a shop that they visited.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeVar, cast, get_args

from starlette.types import Scope

from server.records import shops as whose
from server.records.database import Connection, Database
from server.records.keys import Principal
from server.records.refusal import NotFound
from server.records.shops import Kind, Shops
from server.web.problem import Problem
from server.zones import Zone

#: The doors that keep to the shops of whoever comes; and a few that hold nothing of any shop.
KEEP_TO_SHOPS: Final = frozenset(
    f"{method} /v1/{path}"
    for path, methods in {
        "redemptions": "GET POST",
        "redemptions/rollback": "POST",
        "till/shops": "GET",
        "zones": "GET PUT POST",
        "zones/{zone}": "GET PUT DELETE",
        "floor-plans": "GET",
        "floor-plans/{plan}": "GET PUT DELETE",
        "floor-plans/{plan}/picture": "GET PUT DELETE",
        "anchors": "GET PUT",
        "anchors/{anchor}": "GET PUT DELETE",
        "gateways": "GET POST",
        "gateways/{gateway}": "GET PUT DELETE",
        "gateways/{gateway}/token": "POST",
        "surveys": "GET POST",
        "surveys/{survey}": "GET",
        "surveys/{survey}/use": "POST",
        "surveys/revert": "POST",
        "surveys/walks": "POST",
        "surveys/walks/{walk}": "GET DELETE",
        "blind-spots": "GET",
        "visits": "GET",
        "visits/{visit}": "GET",
        "visits/{visit}/evidence": "GET",
        "decisions": "GET",
        "decisions/why": "GET",
        "decisions/{decision}": "GET",
        "devices/{device}/presence": "GET",
        "live": "GET",
        "reports/present": "GET",
        "reports/lately": "GET",
        "reports/so-far": "GET",
        "reports/visits": "GET",
        "reports/footfall": "GET",
        "reports/stays": "GET",
        "reports/flow": "GET",
        "reports/funnel": "GET",
        "reports/revenue": "GET",
        "reports/silences": "GET",
        "campaigns": "GET",
        "campaigns/{campaign}": "GET",
        "coupons": "GET",
        "coupons/{coupon}": "GET",
        "shoppers": "GET",
        "shoppers/{shopper}": "GET",
        "shoppers/{shopper}/consents": "GET PUT",
        "shoppers/{shopper}/devices": "POST",
        "shoppers/{shopper}/touchpoints": "GET",
        "replies": "GET",
        "replies/{reply}": "GET",
        "replies/{reply}/done": "PUT",
        "conditions": "GET",
        "actions": "GET",
        "consent-texts/versions": "GET",
    }.items()
    for method in methods.split()
)

#: In place of what is others'.
HIDDEN: Final = "…"

#: Where sentences stand, in which names may be.
_SPOKEN: Final = frozenset({"words", "otherwise", "nowhere", "tally"})

_KINDS: Final = frozenset(get_args(Kind))

Value = TypeVar("Value")


def keeps_to_shops(scope: Scope) -> bool:
    """Whether this request is at a door that shows and changes only what lies in its caller's shops."""
    path = getattr(scope.get("route"), "path", "")
    return f"{scope['method']} {path}" in KEEP_TO_SHOPS


async def refuse_named_in_address(database: Database, scope: Scope, shops: Shops) -> None:
    """What the address names and lies in none of the shops is not there: raises NotFound. What nobody keeps yet may be made."""
    named = [(kind, name) for kind, name in scope.get("path_params", {}).items() if kind in _KINDS]
    if shops is not None and named:
        async with database.reading() as connection:
            await refuse_named_elsewhere(connection, shops, named)


async def refuse_named_elsewhere(
    connection: Connection, shops: Shops, named: Iterable[tuple[str, str]]
) -> None:
    """Raises NotFound where one of these things (its kind, its id) is one of other shops."""
    if shops is None:
        return
    by_kind: dict[str, set[str]] = {}
    for kind, name in named:
        by_kind.setdefault(kind, set()).add(name)
    for kind, names in by_kind.items():
        for name in await whose.elsewhere(connection, cast("Kind", kind), names, shops):
            raise NotFound(f"there is no {kind} {name} in your shops")


async def refuse_zones_elsewhere(connection: Connection, shops: Shops, zones: Collection[Zone]) -> None:
    """Raises NotFound for zones that are others', Problem (403) for what would lie in no shop of the caller's, or move a shop."""
    if shops is None:
        return
    await refuse_named_elsewhere(connection, shops, (("zone", zone.id) for zone in zones))
    theirs, _ = await whose.known_zones(connection, shops)
    coming = {zone.id for zone in zones}
    for zone in zones:
        if zone.id in shops:
            fits = zone.level == "site" and zone.parent is None
        else:
            fits = zone.parent is not None and zone.parent in theirs | coming
        if not fits:
            raise _not_yours(f"zone {zone.id} would lie in none of your shops")


async def refuse_placed_elsewhere(
    connection: Connection, shops: Shops, site: str | None, plan: str | None = None
) -> None:
    """Raises Problem (403) for what would stand in no shop of the caller's, NotFound where it names what is others'."""
    if shops is None:
        return
    named = [("zone", site), ("plan", plan)]
    await refuse_named_elsewhere(connection, shops, ((kind, name) for kind, name in named if name))
    if site is None and plan is None:
        raise _not_yours("it would stand in none of your shops: name its site")


def refuse_own_site(caller: Principal, zone: str) -> None:
    """Raises Problem (403) where somebody of some shops would remove one of them."""
    if caller.shops is not None and zone in caller.shops:
        raise _not_yours("a whole shop is removed by whoever is of all")


def refuse_other_shops(caller: Principal, shop: str | None) -> None:
    """Raises Problem (403) where somebody of some shops does something in another, or does not say where."""
    if caller.shops is not None and shop not in caller.shops:
        theirs = ", ".join(sorted(caller.shops))
        where = f"in {shop}" if shop else "in no shop that it names"
        raise Problem(403, None, f"You are of {theirs}; this would be {where}.")


class Sight:
    """What somebody of some shops may see of documents that name zones; somebody of all sees them as they are."""

    def __init__(
        self, shops: Shops, zones: frozenset[str], groups: frozenset[str], others: frozenset[str]
    ) -> None:
        self._shops = shops
        self._zones = zones
        self._groups = groups
        self._others = others

    @classmethod
    async def of(cls, connection: Connection, shops: Shops) -> "Sight":
        if shops is None:
            return cls(None, frozenset(), frozenset(), frozenset())
        zones, groups = await whose.known_zones(connection, shops)
        return cls(shops, zones, groups, await whose.zones_elsewhere(connection, shops))

    def shows_zone(self, zone: str | None) -> bool:
        """Whether it lies in one of the shops."""
        return self._shops is None or zone in self._zones

    def shows_campaign(self, campaign: Mapping[str, Any]) -> bool:
        """Whether the campaign listens in one of the shops."""
        if self._shops is None:
            return True
        where = campaign["trigger"]["where"]
        named = {*(where.get("zones") or ()), where.get("site")}
        return bool(named & self._zones) or where.get("group") in self._groups

    def shows_coupon(self, coupon: Mapping[str, Any]) -> bool:
        """Whether the coupon holds in one of the shops."""
        return self._shops is None or not coupon["shops"] or bool({*coupon["shops"]} & self._shops)

    def of_theirs(self, document: Value) -> Value:
        """The document without the zones of other shops."""
        return without(document, self._others)


def without(value: Value, others: frozenset[str]) -> Value:
    """Plain JSON without these names: they are left out of lists, and elsewhere dots stand in their place; in `words` too."""
    return cast("Value", _without(value, others)) if others else value


def _without(value: Any, others: frozenset[str]) -> Any:
    if isinstance(value, str):
        return HIDDEN if value in others else value
    if isinstance(value, Mapping):
        return {
            key: _unsaid(each, others) if key in _SPOKEN else _without(each, others)
            for key, each in value.items()
            if key not in others
        }
    if isinstance(value, list | tuple):
        return [_without(each, others) for each in value if not (isinstance(each, str) and each in others)]
    return value


def _unsaid(words: Any, others: frozenset[str]) -> Any:
    """Sentences are told anew from their facts where these are kept; of older ones there are the words alone."""
    if isinstance(words, list):
        return [_unsaid(each, others) for each in words]
    if not isinstance(words, str):
        return _without(words, others)
    for other in sorted(others, key=len, reverse=True):  # one name may be in another
        if other in words:
            words = re.sub(rf"(?<!\w){re.escape(other)}(?!\w)", HIDDEN, words)
    return words


def _not_yours(why: str) -> Problem:
    return Problem(403, None, f"You are of some shops only, and {why}.")
