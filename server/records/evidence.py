"""How a visit's row keeps what opened and closed it: small plain JSON, and back.

In: presence.visit.Evidence. Out: a dict of less than a kilobyte; times as seconds before the event was certain.
"""

from collections.abc import Mapping
from typing import Any

from server.presence.visit import Evidence, Weighing
from server.zones.zone import Manner


def written(evidence: Evidence | None) -> dict[str, Any] | None:
    """Evidence as a row keeps it."""
    if evidence is None:
        return None
    known_at, manner = evidence.known_at, evidence.manner
    return {
        "why": evidence.why,
        "known_at": round(known_at, 3),
        "heard_before_s": None if evidence.heard_at is None else round(known_at - evidence.heard_at, 3),
        "usual_gap_s": round(evidence.usual_gap_s, 2),
        "zone": evidence.zone,
        "manner": manner
        and (
            manner.word,
            manner.enter_at,
            manner.leave_at,
            manner.enter_after_s,
            manner.leave_after_s,
        ),
        "weighings": [
            (round(known_at - at, 3), round(inside, 3), round(strength, 1), anchor, others, turn)
            for at, inside, strength, anchor, others, turn in evidence.weighings
        ],
    }


def read(kept: Mapping[str, Any] | None) -> Evidence | None:
    """Evidence as it was written; None where a row has none: it is older than this, or was put in its place afterwards."""
    if not kept:
        return None
    known_at, before = kept["known_at"], kept["heard_before_s"]
    return Evidence(
        why=kept["why"],
        known_at=known_at,
        heard_at=None if before is None else known_at - before,
        usual_gap_s=kept["usual_gap_s"],
        zone=kept["zone"],
        manner=Manner(*kept["manner"]) if kept["manner"] else None,
        weighings=tuple(Weighing(known_at - before_s, *rest) for before_s, *rest in kept["weighings"]),
    )
