"""A small plot of how sure we were when a visit was opened and closed: an SVG of 480 by 160, with no script in it.

In: the evidence, the times of the visit, how to say things. Out: SVG text. The line is the probability, as it held until the next
weighing, dotted where nobody spoke any more; a dot is a radio's word, a square a position's. Dashed are the shares that the zone
asks for, the full mark is when the visit was entered or exited, the dotted one when that was certain. What the plot shows stands in
its description as words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from server.presence.explain import Speech
from server.presence.visit import Evidence

WIDTH, HEIGHT = 480, 160
_LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 34, 10, 24, 22, 18
#: A panel shows the wait three times over, that one may see what was before it; ten seconds at least (seconds).
_WAITS_SHOWN, _LEAST_S = 3.0, 10.0
#: Times of day closer than so many pixels a letter would be written over each other.
_LETTER_PX = 6.5
#: Ink, what speaks, what is asked for to enter and to leave: dark enough on white (WCAG 2.1, contrast 4.5).
_INK, _LINE, _ENTER, _LEAVE = "#444444", "#1f5fa8", "#1b7a3d", "#b3261e"


@dataclass(frozen=True, slots=True)
class Scene:
    """One panel: what happened at `at` (epoch seconds), said in its heading, and its evidence."""

    heading: str
    at: float
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class _Panel:
    """Where a scene is drawn: from `x0` to `x1` pixels, `t0` to `t1` epoch seconds."""

    x0: float
    x1: float
    t0: float
    t1: float

    def x(self, at: float) -> float:
        share = (min(max(at, self.t0), self.t1) - self.t0) / (self.t1 - self.t0)
        return self.x0 + share * (self.x1 - self.x0)


def draw(scenes: Sequence[Scene], name: str, title: str, words: str, speech: Speech) -> str:
    """The plot of one or two scenes side by side; of none it says what `words` say. `name` is no other plot's on a page."""
    named = escape(name)
    size = f'width="{WIDTH}" height="{HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {WIDTH} {HEIGHT}"'
    told = f'role="img" aria-labelledby="{named}-title {named}-words" font-family="sans-serif" font-size="10"'
    parts = [
        f"{head} {told}>",
        f'<title id="{named}-title">{escape(title)}</title>',
        f'<desc id="{named}-words">{escape(words)}</desc>',
        f'<rect {size} fill="#ffffff"/>',
    ]
    if scenes:
        wide = (WIDTH - _LEFT - _RIGHT - _GAP * (len(scenes) - 1)) / len(scenes)
        parts += [_text(_LEFT - 4, _y(share) + 3, f"{share:.0%}", "end") for share in (0.0, 0.5, 1.0)]
        for i, scene in enumerate(scenes):
            x0 = _LEFT + i * (wide + _GAP)
            parts += _scene(scene, _panel(scene, x0, x0 + wide), speech)
    else:
        parts.append(_text(WIDTH / 2, HEIGHT / 2, words, "middle"))
    return "".join((*parts, "</svg>"))


def _panel(scene: Scene, x0: float, x1: float) -> _Panel:
    known = scene.evidence.known_at
    shown = max(_WAITS_SHOWN * (known - scene.at), _LEAST_S)
    return _Panel(x0, x1, known - shown, known + 0.05 * shown)


def _scene(scene: Scene, panel: _Panel, speech: Speech) -> list[str]:
    evidence = scene.evidence
    bottom, top = _y(0.0), _y(1.0)
    frame = f'width="{panel.x1 - panel.x0:.1f}" height="{bottom - top:.1f}" fill="none" stroke="{_INK}"'
    parts = [
        f'<rect x="{panel.x0:.1f}" y="{top:.1f}" {frame} stroke-width="0.5"/>',
        _text(panel.x0, top - 8, scene.heading, "start"),
    ]
    if evidence.manner is not None:
        asked = ((evidence.manner.enter_at, _ENTER), (evidence.manner.leave_at, _LEAVE))
        parts += [_rule(panel.x0, _y(share), panel.x1, _y(share), ink, "4 3") for share, ink in asked]
    at, known = panel.x(scene.at), panel.x(evidence.known_at)
    parts += [_rule(at, bottom, at, top, _INK, ""), _rule(known, bottom, known, top, _INK, "1 2")]
    parts += _weighings(evidence, panel)
    parts.append(_text(at, bottom + 13, speech.time(scene.at), "end"))
    certain = speech.time(evidence.known_at)
    if known - at > _LETTER_PX * len(certain):
        parts.append(_text(known, bottom + 13, certain, "end"))
    return parts


def _weighings(evidence: Evidence, panel: _Panel) -> list[str]:
    """The line of what was believed: full as far as somebody spoke, dashed in the silence after it."""
    before = sum(each.at < panel.t0 for each in evidence.weighings)
    shown = evidence.weighings[max(before - 1, 0) :]
    if not shown:
        return []
    heard_at = max(evidence.heard_at or shown[-1].at, shown[-1].at)
    steps, level = [], _y(shown[0].inside)
    for each in shown:
        x = panel.x(each.at)
        steps += [(x, level), (x, _y(each.inside))]
        level = _y(each.inside)
    word, known = panel.x(heard_at), panel.x(evidence.known_at)
    steps.append((word, level))
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in dict.fromkeys(steps))
    line = f'<polyline points="{points}" fill="none" stroke="{_LINE}" stroke-width="1.5"/>'
    marks = [
        _mark(panel.x(each.at), _y(each.inside), by_fix=each.anchor is None)
        for each in shown
        if each.at >= panel.t0
    ]
    return [line, _rule(word, level, known, level, _LINE, "2 3"), *marks]


def _mark(x: float, y: float, *, by_fix: bool) -> str:
    if by_fix:
        return f'<rect x="{x - 2.5:.1f}" y="{y - 2.5:.1f}" width="5" height="5" fill="{_LINE}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{_LINE}"/>'


def _rule(x1: float, y1: float, x2: float, y2: float, ink: str, dashes: str) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{ink}"{dashed}/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{_INK}">{escape(words)}</text>'


def _y(share: float) -> float:
    return _TOP + (1.0 - share) * (HEIGHT - _TOP - _BOTTOM)
