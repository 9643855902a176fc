"""Real traces through the real server to real pushes: an office walked with a tag, and a walk with a phone.

The office's scanners become gateways with tokens of their own and the walked tracks fobs; the phone's walk is cut into pieces, each
a phone's pings. All are played at once and in real time, since freshness and minimum times are the server's own clock.
"""

from pathlib import Path

from simulator.live import playing
from simulator.replay import recorded_town
from simulator.stage import CannotPlay, Outcome, Stage, premises, watched
from simulator.town import Town
from simulator.traces import pixel_walk, tetam
from simulator.traces.trace import FixTrace, NoTrace, RadioTrace
from simulator.verdict import Found, Happened

CAPTION = "recorded traces (--data DIR with tetam/ and pixel_walk/) through the server to pushes, listed with their times"
#: A piece of the phone's walk lasts as long as the longest walk in the office.
PIECE_S = 100.0
#: A predicted enter counts for a true one from so long before to so long after it.
EARLY_S, LATE_S = 3.0, 15.0


async def play(stage: Stage) -> Outcome:
    office, walk = _traces(stage.data)
    town = recorded_town(office, walk, stage.seconds or PIECE_S)
    stage.say(f"playing {len(town.evidence)} recorded pieces at once, {town.seconds:.0f} s")
    async with (
        premises(stage.seed) as here,
        playing(town, here.access, here.fcm) as (live, story),
        watched(live, stage.watch),
    ):
        happened = await story
    return _outcome(town, happened)


def _traces(data: Path | None) -> tuple[list[RadioTrace], FixTrace | None]:
    """What of the two recordings is there. Raises CannotPlay where neither is."""
    if data is None:
        raise CannotPlay("give the folder of the recorded traces: --data DIR")
    office: list[RadioTrace] = []
    walk: FixTrace | None = None
    try:
        if (data / "tetam").is_dir():
            office = tetam.walks(data / "tetam")
        if (data / "pixel_walk").is_dir():
            walk = pixel_walk.walk(data / "pixel_walk")
    except NoTrace as error:
        raise CannotPlay(str(error)) from error
    if not office and walk is None:
        raise CannotPlay(f"{data} has neither tetam/ nor pixel_walk/")
    return office, walk


def _outcome(town: Town, happened: Happened) -> Outcome:
    """Visits and pushes with their times, and how they stand to the truth. Good: one push for each visit, and no other."""
    visits = [v for v in happened.visits if v.place != town.world.site]
    pushed = [push.visit for push in happened.pushes]
    doubled = len(pushed) - len(set(pushed))
    unanswered = [v for v in visits if v.visit not in set(pushed)]
    strange = [visit for visit in set(pushed) if visit not in {v.visit for v in visits}]
    true = [v for v in town.visits if v.place != town.world.site]
    matched = sum(
        any(
            (v.device, v.place) == (t.device, t.place) and -EARLY_S <= v.entered_s - t.entered_s <= LATE_S
            for v in visits
        )
        for t in true
    )
    figures = {
        "visits_true": len(true),
        "visits_found": len(visits),
        "enters_in_time": matched,
        "pushes": len(pushed),
        "doubled": doubled,
        "visits_without_push": len(unanswered),
        "pushes_without_visit": len(strange),
    }
    listed = [_line(v, happened) for v in sorted(visits, key=lambda v: v.entered_s)]
    return Outcome(bool(pushed) and not (doubled or unanswered or strange), figures, listed)


def _line(visit: Found, happened: Happened) -> str:
    """One visit in words, with its push."""
    left = "stayed" if visit.exited_s is None else f"left {visit.exited_s:6.1f} s"
    push = next((p for p in happened.pushes if p.visit == visit.visit), None)
    said = "no push" if push is None else f"push at {push.at_s:6.1f} s: {push.title}"
    return f"{visit.device:<36} {visit.place:<12} entered {visit.entered_s:6.1f} s, {left:<14} {said}"
