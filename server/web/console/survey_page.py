"""The survey assistant: choose a plan and a fob, walk, tap where you stand, see what it gains, use it or not, take it back.

In: a desk. Out: the page, step by step. What is walked lives in the page until it is learned from; the API decides and learns.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.survey_floor import Floor, Place
from server.web.console.survey_walk import Stop, Walked, gain, poorest

#: README: about 20 s a place, about every 2 m.
_STANDS_S: Final = 20
#: A gateway's second of packets is here within this.
_ARRIVES_S: Final = 2.5
_FEWEST_STOPS: Final = 3


class Assistant:
    """One walk on one plan. `around` is drawn anew for each step."""

    def __init__(
        self,
        desk: Desk,
        plan: Mapping[str, Any],
        anchors: Sequence[Mapping[str, Any]],
        zones: Sequence[Mapping[str, Any]],
        around: ui.element,
    ) -> None:
        self._desk, self._plan, self._anchors, self._zones, self._around = desk, plan, anchors, zones, around
        self._walk: dict[str, Any] | None = None
        self._walked = Walked()
        self._next = 0
        self._stands_s = _STANDS_S

    async def begin(self) -> None:
        """The first step: earlier surveys of the plan, and what it takes to walk."""
        desk, say = self._desk, self._desk.say
        surveys = await desk.api.all("/v1/surveys", "surveys", plan=self._plan["id"])
        self._around.clear()
        with self._around:
            with ui.element("section").classes("card"):
                ui.html(f"<h2>{say('Walk through the shop')}</h2>", sanitize=False)
                ui.label(
                    say(
                        "Take a fob that belongs to nobody, or a tester's own. Stand still every 2 m or so, above all on both sides of "
                        "borders between zones, and tap on the plan where you are."
                    )
                )
                beacon = ui.input(say("The fob's id on the air"), placeholder="ibeacon:…:1:77")
                beacon.props("outlined stack-label").classes("survey-field")
                seconds = ui.number(say("Seconds at each place"), value=_STANDS_S, min=5, max=120)
                seconds.props("outlined").classes("survey-field")

                async def start() -> None:
                    async with desk.trying():
                        body = {"plan": self._plan["id"], "beacon": (beacon.value or "").strip()}
                        self._walk = await desk.api.post("/v1/surveys/walks", body)
                        self._stands_s = int(seconds.value or _STANDS_S)
                        self._draw_walk()

                with ui.element("div").classes("row-of"):
                    ui.button(say("Begin the walk"), on_click=start)
            if surveys:
                self._draw_earlier(surveys)

    def _draw_earlier(self, surveys: Sequence[Mapping[str, Any]]) -> None:
        desk, say = self._desk, self._desk.say
        with ui.element("section").classes("card"):
            ui.html(f"<h2>{say('Earlier walks')}</h2>", sanitize=False)
            for each in sorted(surveys, key=lambda survey: -survey["version"]):
                with ui.element("div").classes("row-of survey"):
                    with ui.element("div").classes("stack"):
                        ui.label(f"{each['version']} · {each['source']}")
                        ui.label(f"{desk.when(each['made_at'])} · {self._gain_told(each)}").classes(
                            "small soft"
                        )
                    ui.element("div").classes("gap")
                    if each["state"] == "in use":
                        ui.label(say("in use")).classes("tag good")
                        ui.button(say("Take it back"), on_click=self._take_back).props("flat")
                    else:
                        ui.button(
                            say("Use this walk"), on_click=lambda each=each: self._use(each["id"])
                        ).props("flat")

    def _draw_walk(self) -> None:
        say = self._desk.say
        self._around.clear()
        with self._around, ui.element("section").classes("card"):
            self._status = (
                ui.label(say("Waiting until a gateway hears the fob …")).props("role=status").classes("lead")
            )
            self._left = ui.linear_progress(value=0.0, show_value=False).props(
                f'aria-label="{say("Stand still")}"'
            )
            self._floor = Floor(self._desk, self._plan, self._anchors, self._stand, self._zones)
            with ui.element("div").classes("row-of"):
                x = ui.number(say("x, metres"), min=0, max=self._plan["width_m"], step=0.5).props(
                    "outlined dense"
                )
                y = ui.number(say("y, metres"), min=0, max=self._plan["height_m"], step=0.5).props(
                    "outlined dense"
                )

                async def stand_there() -> None:
                    if x.value is not None and y.value is not None:
                        await self._stand(float(x.value), float(y.value))

                ui.button(say("I stand here"), on_click=stand_there).props("outline")
            with ui.element("div").classes("row-of"):
                self._finish = ui.button(say("Learn from the walk"), on_click=self._learn)
                ui.button(say("Forget the last place"), on_click=self._undo).props("outline")
                ui.button(say("Stop"), on_click=self._stop).props("flat")
            self._finish.set_enabled(False)
            self._timer = ui.timer(1.0, self._watch)

    async def _stand(self, x_m: float, y_m: float) -> None:
        """A tap: the place before is over, this one begins."""
        now = time.time()
        if self._walked.stops and self._walked.stops[-1].until_at is None:
            last = self._walked.stops[-1]
            last.until_at = now
            if now - last.since_at < self._stands_s / 4:  # a slip of the finger, put right
                self._walked.stops.pop()
        self._walked.stops.append(Stop(x_m, y_m, now))
        self._show_stops()

    async def _watch(self) -> None:
        """Each second: what was heard, and whether it is time to go on."""
        if self._walk is None:
            return
        async with self._desk.trying():
            await self._fetch()
        now, stops = time.time(), self._walked.stops
        if stops and stops[-1].until_at is None and now - stops[-1].since_at >= self._stands_s:
            stops[-1].until_at = now
        self._show_stops()
        self._tell(now)

    async def _fetch(self) -> None:
        if self._walk is not None:
            path = f"/v1/surveys/walks/{self._walk['id']}"
            heard = await self._desk.api.get(path, since=self._next)
            self._walked.packets += [(at, anchor, rssi) for at, anchor, rssi in heard["heard"]]
            self._next = heard["next"]

    def _tell(self, now: float) -> None:
        desk, say = self._desk, self._desk.say
        stops, ears = self._walked.stops, self._walked.lately(now)
        hearing = desk.say_many("{count} gateway hears the fob.", "{count} gateways hear the fob.", len(ears))
        if not ears:
            hearing = say(
                "No gateway hears the fob. Is it switched on, and of the same family as the shop's other fobs?"
            )
        if stops and stops[-1].until_at is None:
            left = self._stands_s - (now - stops[-1].since_at)
            self._left.set_value(min(1.0, 1 - left / self._stands_s))
            self._status.set_text(
                say("Stand still: {seconds} s.", seconds=max(0, round(left))) + " " + hearing
            )
            return
        self._left.set_value(0.0)
        done = desk.say_many("{count} place so far.", "{count} places so far.", len(stops))
        self._status.set_text(f"{done} {say('Go on, and tap where you stand.')} {hearing}")

    def _show_stops(self) -> None:
        walked = self._walked
        self._floor.show(
            [
                Place(
                    stop.x_m,
                    stop.y_m,
                    "now" if stop.until_at is None else "done" if walked.is_good(stop) else "poor",
                )
                for stop in walked.stops
            ]
        )
        self._finish.set_enabled(len(walked.stops) >= _FEWEST_STOPS)

    def _undo(self) -> None:
        if self._walked.stops:
            self._walked.stops.pop()
            self._show_stops()

    async def _stop(self) -> None:
        """Nothing is learned; what was heard is forgotten."""
        self._timer.cancel()
        async with self._desk.trying():
            await self._end()
        await self.begin()

    async def _learn(self) -> None:
        desk, say = self._desk, self._desk.say
        if self._walked.stops and self._walked.stops[-1].until_at is None:
            self._walked.stops[-1].until_at = time.time()
        self._timer.cancel()
        self._status.set_text(say("Learning …"))
        self._finish.set_enabled(False)
        await asyncio.sleep(_ARRIVES_S)
        survey: Mapping[str, Any] | None = None
        async with desk.trying():
            await self._fetch()
            source = say("walked by {name}", name=desk.who.name)
            body = {"plan": self._plan["id"], "source": source, "packets": self._walked.labelled()}
            survey = await desk.api.post("/v1/surveys", body)
            await self._end()
        if survey is not None:
            self._draw_gain(survey)
        else:  # it said why: walk on, or stop
            self._finish.set_enabled(True)
            self._timer = ui.timer(1.0, self._watch)

    async def _end(self) -> None:
        if self._walk is not None:
            await self._desk.api.delete(f"/v1/surveys/walks/{self._walk['id']}")
        self._walk, self._walked, self._next = None, Walked(), 0

    def _draw_gain(self, survey: Mapping[str, Any]) -> None:
        desk, say = self._desk, self._desk.say
        figures = survey["figures"]
        self._around.clear()
        with self._around, ui.element("section").classes("card"):
            ui.html(f"<h2>{say('What the walk gains')}</h2>", sanitize=False)
            ui.label(self._gain_told(survey)).classes("lead")
            ui.label(
                say("Tried at places that it was not taught. Nothing changes until you use it.")
            ).classes("soft")
            ui.label(
                say(
                    "{places} places, {packets} packets.",
                    places=desk.number(figures["spots"]),
                    packets=desk.number(figures["packets"]),
                )
            )
            if figures["silent"]:
                ui.label(say("Heard nothing: {anchors}", anchors=", ".join(figures["silent"]))).classes(
                    "warn"
                )
            names = {zone["id"]: str(zone["name"]) for zone in self._zones}
            poor = [names.get(zone, zone) for zone in poorest(figures["coverage"])]
            if poor:
                ui.label(say("Hardly walked through: {zones}", zones=", ".join(poor))).classes("warn")
            with ui.element("div").classes("row-of"):
                ui.button(say("Use this walk"), on_click=lambda: self._use(survey["id"]))
                ui.button(say("Leave things as they are"), on_click=self.begin).props("flat")

    def _gain_told(self, survey: Mapping[str, Any]) -> str:
        say, percent = self._desk.say, self._desk.percent
        found = gain(survey["figures"]["proof"])
        if found is None:
            return say("Too little was walked to try it.")
        before, after = found
        return say(
            "The right zone in {after} of all moments; {before} without the walk.",
            after=percent(after),
            before=percent(before),
        )

    async def _use(self, survey: str) -> None:
        async with self._desk.trying(self._desk.say("In use: the server follows within seconds.")):
            await self._desk.api.post(f"/v1/surveys/{survey}/use")
            await self.begin()

    async def _take_back(self) -> None:
        async with self._desk.trying(self._desk.say("Taken back.")):
            await self._desk.api.post("/v1/surveys/revert", {"plan": self._plan["id"]})
            await self.begin()
