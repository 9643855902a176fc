"""Who works here, for owners: who is on the staff, in which role, when they were last here; to invite, to change, to let go.

In: a desk. Out: cards that are drawn anew after every change.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from nicegui import ui

from server.web.console.desk import Desk
from server.web.console.dialogs import heading, shown_once, sure
from server.web.console.plain_table import cell, head
from server.web.console.role_names import OF_SHOPS, role_choices, role_name

Member = dict[str, Any]


class StaffBoard:
    """See the module's text."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._sites: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._place = ui.element("div").classes("stack roomy")

    async def draw(self) -> None:
        desk = self._desk
        members = await desk.api.all("/v1/staff", "staff")
        links = await desk.api.all("/v1/staff/invitations", "invitations")
        zones = (await desk.api.get("/v1/zones"))["features"]
        known = [each["properties"] for each in zones]
        self._sites = {zone["id"]: str(zone["name"]) for zone in known if zone.get("level") == "site"}
        self._names = {member["id"]: str(member["email"]) for member in members}
        here = sorted((m for m in members if not m["disabled_at"]), key=lambda m: str(m["name"]).casefold())
        left = [m for m in members if m["disabled_at"]]
        self._place.clear()
        with self._place:
            with ui.element("div").classes("row-of"):
                invite = desk.say("Invite somebody")
                ui.button(invite, icon="person_add", on_click=self._invite).props("unelevated")
            with ui.element("section").classes("card"):
                heading(desk.say_many("{count} person", "{count} people", len(here)))
                self._table(here)
            if links:
                self._waiting(links)
            if left:
                self._gone(left)

    def _table(self, members: list[Member]) -> None:
        say = self._desk.say
        with ui.element("div").classes("scrolls"), ui.element("table").classes("plain folds"):
            head(say("Name"), say("Role"), say("Last seen"), say("Second step"), "")
            with ui.element("tbody"):
                for member in members:
                    self._row(member)

    def _row(self, member: Member) -> None:
        desk = self._desk
        with ui.element("tr"):
            with ui.element("td"):
                ui.label(member["name"])
                ui.label(member["email"]).classes("soft small")
            with ui.element("td"):
                ui.label(role_name(desk, member["role"]))
                if member["shops"]:
                    shops = ", ".join(self._sites.get(each, each) for each in member["shops"])
                    ui.label(shops).classes("soft small")
            seen_at = member["seen_at"]
            cell(desk.ago(seen_at, datetime.now(UTC)) if seen_at else desk.say("never yet"))
            with ui.element("td").props(f'data-of="{desk.say("Second step")}"'):
                on = member["two_factor"]
                ui.label(desk.say("yes") if on else desk.say("no")).classes("tag good" if on else "tag")
            with ui.element("td").classes("number"):
                self._acts(member)

    def _acts(self, member: Member) -> None:
        desk = self._desk
        if member["id"] == desk.who.id:
            ui.link(desk.say("You"), "/account")
            return
        button = ui.button(icon="more_vert").props("flat round dense")
        button.props(f'aria-label="{desk.say("What to do with this person")}"')
        acts = [
            (desk.say("Change name or role"), self._change),
            (desk.say("New password"), self._reset),
            (desk.say("End their sessions"), self._end_sessions),
            *([(desk.say("Take the second step off"), self._take_off)] if member["two_factor"] else []),
            (desk.say("They have left"), self._let_go),
        ]
        with button, ui.menu():
            for words, act in acts:
                ui.menu_item(words, partial(act, member))

    def _waiting(self, links: list[dict[str, Any]]) -> None:
        desk, say = self._desk, self._desk.say
        with ui.element("section").classes("card"):
            heading(say("Links that nobody has used yet"))
            with ui.element("div").classes("scrolls"), ui.element("table").classes("plain folds"):
                head(say("For"), say("What"), say("Holds until"), "")
                with ui.element("tbody"):
                    for link in links:
                        with ui.element("tr"):
                            cell(link["email"] or self._names.get(link["staff"], ""))
                            invited = link["kind"] == "invitation"
                            role = role_name(desk, link["role"]) if link["role"] else ""
                            cell(
                                say("to join as {role}", role=role)
                                if invited
                                else say("to choose a new password")
                            )
                            cell(desk.when(link["ends_at"]))
                            with ui.element("td").classes("number"):
                                back = partial(self._take_back, link["id"])
                                ui.button(say("Withdraw"), on_click=back).props("flat dense color=negative")

    def _gone(self, left: list[Member]) -> None:
        desk = self._desk
        gone = desk.say_many("{count} has left", "{count} have left", len(left))
        with (
            ui.expansion(gone).classes("card"),
            ui.element("table").classes("plain folds"),
            ui.element("tbody"),
        ):
            for member in left:
                with ui.element("tr"):
                    cell(f"{member['name']}, {member['email']}", "left")
                    cell(desk.when(member["disabled_at"]), "left")
                    with ui.element("td").classes("number"):
                        back = partial(self._back, member)
                        ui.button(desk.say("Let back in"), on_click=back).props("flat dense")

    # -- acts

    async def _invite(self) -> None:
        desk, say = self._desk, self._desk.say
        with ui.dialog() as dialog, ui.element("div").classes("card dialog"):
            ui.label(say("Invite somebody")).classes("lead")
            email = ui.input(say("E-mail")).props("outlined type=email autofocus maxlength=254")
            name = ui.input(say("Name")).props("outlined maxlength=200")
            role, shops = self._role_fields("manager", None)

            async def make() -> None:
                body = {"email": email.value or "", "name": name.value or "", "role": role.value}
                if role.value in OF_SHOPS and shops.value:
                    body["shops"] = list(shops.value)
                async with desk.trying():
                    dialog.submit(await desk.api.post("/v1/staff/invitations", body))

            with ui.element("div").classes("row-of"):
                ui.button(say("Make the link"), on_click=make).props("unelevated")
                ui.button(say("Cancel"), on_click=lambda: dialog.submit(None)).props("flat")
        made = await dialog
        dialog.delete()
        if made:
            await self._show_link(made, say("Give {name} this link", name=made["name"]))
            await self.draw()

    def _role_fields(self, role: str, shops: list[str] | None) -> tuple[ui.select, ui.select]:
        say = self._desk.say
        chosen = ui.select(role_choices(self._desk), value=role, label=say("Role")).props("outlined")
        sites = dict(self._sites)
        of = ui.select(sites, value=[s for s in shops or () if s in sites], label=say("Shops"), multiple=True)
        of.props(f'outlined use-chips hint="{say("None chosen: all shops")}"')
        of.bind_visibility_from(chosen, "value", lambda value: value in OF_SHOPS and bool(sites))
        return chosen, of

    async def _show_link(self, made: dict[str, Any], title: str) -> None:
        origin = await ui.run_javascript("return location.origin", timeout=5.0)
        why = self._desk.say(
            "Whoever opens it chooses the password. It works once, for seven days, and is shown this once."
        )
        await shown_once(self._desk, title, why, f"{origin}{made['path']}")

    async def _change(self, member: Member) -> None:
        desk, say = self._desk, self._desk.say
        with ui.dialog() as dialog, ui.element("div").classes("card dialog"):
            ui.label(str(member["email"])).classes("lead")
            name = ui.input(say("Name"), value=member["name"]).props("outlined maxlength=200")
            role, shops = self._role_fields(member["role"], member["shops"])

            async def keep() -> None:
                async with desk.trying(say("Changed. It holds at once.")):
                    path = f"/v1/staff/{member['id']}"
                    await desk.api.patch(path, {"name": name.value or "", "role": role.value})
                    if role.value in OF_SHOPS:
                        await desk.api.put(f"{path}/shops", {"shops": list(shops.value) or None})
                    dialog.submit(True)

            with ui.element("div").classes("row-of"):
                ui.button(say("Keep the change"), on_click=keep).props("unelevated")
                ui.button(say("Cancel"), on_click=lambda: dialog.submit(None)).props("flat")
        await dialog
        dialog.delete()
        await self.draw()

    async def _reset(self, member: Member) -> None:
        desk, say = self._desk, self._desk.say
        why = say("The old password holds no more and their sessions end. You get a link to give them.")
        if not await sure(
            desk, say("A new password for {name}?", name=member["name"]), why, say("Make the link")
        ):
            return
        async with desk.trying():
            made = await desk.api.post(f"/v1/staff/{member['id']}/reset")
            await self._show_link(made, say("Give {name} this link", name=member["name"]))
        await self.draw()

    async def _end_sessions(self, member: Member) -> None:
        say = self._desk.say
        why = say("Wherever they are logged in, they have to log in again.")
        await self._asked(
            say("End the sessions of {name}?", name=member["name"]),
            why,
            say("End their sessions"),
            f"/v1/staff/{member['id']}/sessions",
        )

    async def _take_off(self, member: Member) -> None:
        say = self._desk.say
        why = say("For who has lost the phone and the recovery codes. The password alone lets them in then.")
        await self._asked(
            say("Take the second step of {name} off?", name=member["name"]),
            why,
            say("Take it off"),
            f"/v1/staff/{member['id']}/two-factor",
        )

    async def _let_go(self, member: Member) -> None:
        say = self._desk.say
        why = say("They are out at once. Their name stays beside what they did, and you can take them back.")
        await self._asked(
            say("Has {name} left?", name=member["name"]),
            why,
            say("They have left"),
            f"/v1/staff/{member['id']}",
        )

    async def _asked(self, title: str, why: str, act: str, path: str) -> None:
        if await sure(self._desk, title, why, act):
            async with self._desk.trying(self._desk.say("Done.")):
                await self._desk.api.delete(path)
            await self.draw()

    async def _back(self, member: Member) -> None:
        async with self._desk.trying(self._desk.say("{name} can log in again.", name=member["name"])):
            await self._desk.api.patch(f"/v1/staff/{member['id']}", {"disabled": False})
        await self.draw()

    async def _take_back(self, link: str) -> None:
        async with self._desk.trying(self._desk.say("The link holds no longer.")):
            await self._desk.api.delete(f"/v1/staff/invitations/{link}")
        await self.draw()
