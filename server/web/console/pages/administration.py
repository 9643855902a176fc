"""Administration, for owners: staff, keys, webhooks, dead letters, the audit log, settings."""

from nicegui import ui

from server.web.console.admin_audit import AuditLog
from server.web.console.admin_frame import PARTS, parts
from server.web.console.admin_keys import KeyBoard
from server.web.console.admin_letters import Letters
from server.web.console.admin_settings import settings
from server.web.console.admin_staff import StaffBoard
from server.web.console.admin_webhooks import WebhookBoard, WebhookPage
from server.web.console.desk import Desk
from server.web.console.languages import later
from server.web.console.page import Page

OWNERS = frozenset({"owner"})

_FOR_WHAT = {
    "/administration/staff": (
        "group_add",
        later("Who comes in, in which role. Invitations, forgotten passwords."),
    ),
    "/administration/keys": ("key", later("Which programs may speak to this server.")),
    "/administration/webhooks": ("webhook", later("Which systems are told what happens.")),
    "/administration/dead-letters": (
        "mark_email_unread",
        later("Offers that reached nobody, and another try."),
    ),
    "/administration/audit": ("history", later("Who did or saw what, and when.")),
    "/administration/settings": ("tune", later("How this server is set up.")),
}


async def show(desk: Desk) -> None:
    """The parts, and what each is for."""
    with ui.element("div").classes("columns"):
        for target, title in PARTS:
            icon, for_what = _FOR_WHAT[target]
            with ui.link(target=target).classes("card part"):
                ui.icon(icon).props("aria-hidden=true")
                ui.label(desk.say(title)).classes("lead")
                ui.label(desk.say(for_what)).classes("soft")


async def show_staff(desk: Desk) -> None:
    parts(desk)
    await StaffBoard(desk).draw()


async def show_keys(desk: Desk) -> None:
    parts(desk)
    await KeyBoard(desk).draw()


async def show_webhooks(desk: Desk) -> None:
    parts(desk)
    await WebhookBoard(desk).draw()


async def show_webhook(desk: Desk) -> None:
    parts(desk)
    async with desk.trying():
        await WebhookPage(desk, desk.asked["webhook"]).draw()


async def show_letters(desk: Desk) -> None:
    parts(desk)
    await Letters(desk).draw()


async def show_audit(desk: Desk) -> None:
    parts(desk)
    members = await desk.api.all("/v1/staff", "staff")
    keys = await desk.api.all("/v1/keys", "keys", kind="server")
    people = {each["id"]: str(each["name"]) for each in (*members, *keys)}
    await AuditLog(desk, people).draw()


async def show_settings(desk: Desk) -> None:
    parts(desk)
    await settings(desk)


PAGES = (
    Page("/administration", later("Administration"), show, roles=OWNERS, menu=90, icon="settings"),
    Page("/administration/staff", later("Staff"), show_staff, roles=OWNERS),
    Page("/administration/keys", later("Keys"), show_keys, roles=OWNERS),
    Page("/administration/webhooks", later("Webhooks"), show_webhooks, roles=OWNERS),
    Page("/administration/webhooks/{webhook}", later("Webhook"), show_webhook, roles=OWNERS),
    Page("/administration/dead-letters", later("Dead letters"), show_letters, roles=OWNERS),
    Page("/administration/audit", later("Audit log"), show_audit, roles=OWNERS),
    Page("/administration/settings", later("Settings"), show_settings, roles=OWNERS),
)
