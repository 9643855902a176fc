"""T4: a robot goes through the rooms of a flat; its zones are rooms with walls between.

Sessions named calib* are for learning, the others are scored; where there are only such, each is scored by what the others
teach. Rooms are drawn as staff would draw them, from geometry alone: each point of the floor (the inside of the walls'
polyline) belongs to the room of the nearest labelled position, whichever session that is from.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import shapely

from server.zones.survey import Survey
from server.zones.zone import Zone
from simulator.frame import Floats
from simulator.score.asked import Asked, within
from simulator.score.case import Case, Sense
from simulator.score.floor import Floor, floor_of, heards_of
from simulator.score.recorded import Recorded, from_zero, without
from simulator.score.truth import stays
from simulator.traces import flat
from simulator.traces.trace import NoTrace, RadioTrace

NAME: Final = "flat-rooms"
CAPTION: Final = "a robot in a flat: rooms with walls between"
SENSE: Final[Sense] = "radio"
OPTIONS: Final = frozenset({"survey", "thin", "packets"})
USUAL_THIN: Final = 0.5
KIND: Final = "flat"
LEARNING: Final = "calib"
#: Labelled positions nearer to one another than this are one, as far as rooms are concerned.
PLACE_M: Final = 0.1
#: Rooms are drawn in cells as large as a wall is thick.
CELL_M: Final = 0.1
#: Cells join where their corners are equal to a millimetre.
MILLIMETRE_M: Final = 0.001


def cases(asked: Asked) -> list[Case]:
    folder = asked.folder(KIND)
    sessions = _sessions(folder)
    walls = flat.walls(folder)
    corners = [*(wall.start for wall in walls), walls[-1].end] if walls else []
    floor = floor_of(
        sessions[0].anchors if sessions else {},
        [(session.truth.x, session.truth.y) for session in sessions],
        [corners] if corners else [],
        margin_m=0.0,
    )
    zones = _rooms(floor, _area(shapely.make_valid(shapely.Polygon(corners))), sessions)
    scored = [session for session in sessions if not session.name.startswith(LEARNING)] or sessions
    thin = asked.thin if asked.thin is not None else USUAL_THIN
    made = []
    for session in scored:
        truth = stays(session.truth.at_s, session.rooms)
        heards = heards_of(session.name, session.hearings, thin, asked.seed)
        made.append(
            floor.case(
                heards,
                truth,
                zones,
                _survey(asked, floor, sessions, session),
                name=session.name,
                seconds=session.seconds,
                began_s=session.began_s,
            )
        )
    return made


def _sessions(folder: Path) -> list[Recorded]:
    return [from_zero(session, float(session.truth.at_s[0])) for session in flat.sessions(folder)]


def _survey(asked: Asked, floor: Floor, sessions: Sequence[Recorded], scored: Recorded) -> tuple[Survey, ...]:
    if asked.survey is None:
        return ()
    known = sessions
    if asked.elsewhere is not None:
        known = _sessions(within(asked.elsewhere, KIND))
    learned = [session for session in known if session.name.startswith(LEARNING)]
    if not learned and asked.elsewhere is not None:
        raise NoTrace(f"{asked.elsewhere} has no sessions named {LEARNING}*")
    return floor.survey(without(learned, [scored]))


def _rooms(
    floor: Floor, inside: shapely.Polygon | shapely.MultiPolygon, sessions: Sequence[RadioTrace]
) -> tuple[Zone, ...]:
    """The floor's cells, each given to the room of the nearest labelled place, joined by room."""
    places, rooms = _labelled(sessions)
    x0, y0, x1, y1 = inside.bounds
    across, up = (np.arange(low + CELL_M / 2, high, CELL_M) for low, high in ((x0, x1), (y0, y1)))
    x, y = (grid.ravel() for grid in np.meshgrid(across, up))
    free = shapely.contains_xy(inside, x, y)
    x, y = x[free], y[free]
    nearest = np.hypot(x[:, None] - places[:, 0], y[:, None] - places[:, 1]).argmin(axis=1)
    half = CELL_M / 2
    cells = shapely.box(x - half, y - half, x + half, y + half)
    room_of = np.array(rooms, object)[nearest]
    return tuple(
        floor.zone(room, _area(shapely.union_all(cells[room_of == room], grid_size=MILLIMETRE_M)))
        for room in sorted(set(room_of.tolist()))
    )


def _labelled(sessions: Sequence[RadioTrace]) -> tuple[Floats, list[str]]:
    """Places (x, y) in metres and the room that most labels there name."""
    votes: dict[tuple[int, int], Counter[str]] = {}
    for session in sessions:
        columns = np.rint(session.truth.x / PLACE_M).astype(int).tolist()
        rows = np.rint(session.truth.y / PLACE_M).astype(int).tolist()
        for column, row, room in zip(columns, rows, session.rooms, strict=True):
            votes.setdefault((column, row), Counter())[room] += 1
    places = sorted(votes)
    return np.array(places) * PLACE_M, [votes[place].most_common(1)[0][0] for place in places]


def _area(shape: shapely.Geometry) -> shapely.Polygon | shapely.MultiPolygon:
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        raise TypeError("cells make an area")
    return shape
