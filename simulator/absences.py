"""Whether a shop kept its head while its gateways could not tell: visits of fobs to the site against the true ones. Pure.

In: a town, the visits that the server found, and when the gateways were deaf or cut off. Out: a sentence for each wrong visit.
Somebody who stood inside all the time may not have left; who left meanwhile left when last heard (deaf) or when they went (cut off).
Who is far and still heard may be believed there for a while, as at all times.
"""

from collections.abc import Iterable, Sequence

from simulator.town import Span, Town
from simulator.truth import LINGER_S, TrueVisit
from simulator.verdict import Found

#: The edge of a shop is no line: by radio somebody is in or out of it within so many seconds.
ABOUT_S = 12.0


def wrong_visits(town: Town, found: Sequence[Found], span: Span, *, heard: bool) -> list[str]:
    """What is wrong with the visits that touch `span`; `heard`: the gateways heard in it, and told later."""
    site = town.world.site
    unseen = {d for s in town.shoppers if not s.consents.get("location") for d in s.devices}
    fobs = {s.fob.name for s in town.shoppers if s.fob} - unseen
    sentences: list[str] = []
    for fob in sorted(fobs):
        true = [visit for visit in town.visits if (visit.device, visit.place) == (fob, site)]
        newest = max((float(h.at_s[-1]) for h in town.evidence[fob].hearings if len(h.at_s)), default=0.0)
        ours = sorted((v for v in found if (v.device, v.place) == (fob, site)), key=lambda v: v.entered_s)
        sentences += _of_one(fob, true, ours, span, newest, heard=heard)
    return sentences


def _of_one(
    fob: str,
    true: Sequence[TrueVisit],
    ours: Sequence[Found],
    span: Span,
    newest_s: float,
    *,
    heard: bool,
) -> Iterable[str]:
    began, ended = span
    for visit in true:
        left = visit.left_s
        if visit.entered_s > began - ABOUT_S and not (heard and visit.entered_s < ended - ABOUT_S):
            continue  # too short before, or only known of afterwards
        if left is not None and (left - visit.entered_s < 2 * ABOUT_S or left > ended - ABOUT_S):
            continue
        mine = [
            v
            for v in ours
            if v.entered_s < (left or ended + ABOUT_S) and (v.exited_s or ended) > visit.entered_s
        ]
        if len(mine) != 1:
            yield f"{fob} was in the shop once from {visit.entered_s:.0f} s, and the server says {len(mine)} times"
            continue
        gone = mine[0].exited_s
        if left is None:
            if gone is not None:
                yield f"{fob} left at {gone:.0f} s by the server, and never did"
            continue
        last = left if heard else min(left, began)
        if gone is None or not last - ABOUT_S <= gone <= max(last + LINGER_S, newest_s + ABOUT_S):
            said = "never" if gone is None else f"at {gone:.0f} s"
            yield f"{fob} was last heard at {last:.0f} s, and left {said} by the server"
