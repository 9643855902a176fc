"""Truth against belief over time, as a drawing. In: cases and what was said of them. Out: SVG text. Pure.

One panel a case; in it one row a zone: above, where the device truly was (grey), below, where it was believed: green where both
agree, red where nobody was there. A mark stands where an enter became known.
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from simulator.score.case import Case, Said

#: More panels, and more rows in one, than anybody reads.
MOST_CASES, MOST_ROWS = 12, 24
WIDTH, LEFT, RIGHT = 1000.0, 190.0, 20.0
TITLE, BAND, GAP, AXIS = 26.0, 9.0, 8.0, 26.0
TRUE, AGREED, WRONG, INK, RULE = "#9aa3ad", "#2e8b57", "#c8372d", "#1c2730", "#e3e7eb"
#: Time is marked each so many seconds, the first that gives at most this many marks.
MARKS_S, MOST_MARKS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21600), 14

Span = tuple[float, float]


def drawn(title: str, cases: Sequence[Case], said: Sequence[Sequence[Said]]) -> str:
    """The first cases, one below the other."""
    parts: list[str] = []
    top = TITLE
    for case, told in list(zip(cases, said, strict=True))[:MOST_CASES]:
        panel = _Panel(case, sorted(told, key=lambda each: each.t), top)
        parts += panel.drawn()
        top += panel.height
    more = f", the first {MOST_CASES} of {len(cases)}" if len(cases) > MOST_CASES else ""
    head = _text(8, 18, f"{title}{more}: truth above, belief below (red: nobody was there)", weight="bold")
    frame = f'viewBox="0 0 {WIDTH:g} {top:g}" font-family="sans-serif" font-size="11" fill="{INK}"'
    paper = f'<rect width="{WIDTH:g}" height="{top:g}" fill="white"/>'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>', paper, head, *parts, "</svg>\n"])


def believed_spans(said: Sequence[Said], zone: str, until_s: float) -> list[Span]:
    """From when to when an algorithm held the device to be in a zone, by what was known."""
    spans: list[Span] = []
    since: float | None = None
    for each in said:
        if each.zone != zone:
            continue
        if each.event == "entered" and since is None:
            since = each.t
        elif each.event == "exited" and since is not None:
            spans.append((since, each.t))
            since = None
    return [*spans, (since, until_s)] if since is not None else spans


def parted(believed: Span, true: Sequence[Span]) -> Iterator[tuple[Span, bool]]:
    """A span of belief cut where truth begins and ends: each piece, and whether it is true."""
    edges = {believed[0], believed[1]}
    edges |= {edge for span in true for edge in span if believed[0] < edge < believed[1]}
    ordered = sorted(edges)
    for began, ended in pairwise(ordered):
        middle = (began + ended) / 2
        yield (began, ended), any(span[0] <= middle < span[1] for span in true)


class _Panel:
    """One case's drawing; `top` is where it begins."""

    def __init__(self, case: Case, said: Sequence[Said], top: float) -> None:
        self._case, self._said, self._top = case, said, top
        spoken = {each.zone for each in said} | {stay.zone for stay in case.truth}
        self._zones = [zone.id for zone in case.zones if zone.id in spoken][:MOST_ROWS]
        self.height = TITLE + len(self._zones) * (2 * BAND + GAP) + AXIS

    def drawn(self) -> Iterator[str]:
        yield _text(8, self._top + 16, self._case.name, weight="bold")
        foot = self._top + self.height - AXIS
        yield from self._marks(self._top + TITLE - 4, foot)
        for row, zone in enumerate(self._zones):
            y = self._top + TITLE + row * (2 * BAND + GAP)
            yield _text(LEFT - 8, y + BAND + 4, zone, anchor="end")
            true = [(stay.entered_s, stay.left_s) for stay in self._case.truth if stay.zone == zone]
            yield from (self._band(span, y, TRUE) for span in true)
            for span in believed_spans(self._said, zone, self._case.seconds):
                for piece, right in parted(span, true):
                    yield self._band(piece, y + BAND, AGREED if right else WRONG)
                x = self._x(span[0])
                yield f'<path d="M{x:.1f} {y:.1f}v{2 * BAND:g}" stroke="{INK}" stroke-width="1.2"/>'

    def _marks(self, top: float, foot: float) -> Iterator[str]:
        step = next((s for s in MARKS_S if self._case.seconds / s <= MOST_MARKS), MARKS_S[-1])
        for second in range(0, int(self._case.seconds) + 1, step):
            x = self._x(second)
            yield f'<path d="M{x:.1f} {top:.1f}V{foot:.1f}" stroke="{RULE}"/>'
            yield _text(x, foot + 12, f"{second} s", anchor="middle")

    def _band(self, span: Span, y: float, colour: str) -> str:
        x, width = self._x(span[0]), max(self._x(span[1]) - self._x(span[0]), 0.8)
        return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{BAND:g}" fill="{colour}"/>'

    def _x(self, second: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * second / max(self._case.seconds, 1.0)


def _text(x: float, y: float, words: str, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>'
    )
