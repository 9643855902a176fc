"""What was decided, as one sentence: who got what, or why they did not.

In: a decision as the API shows it, names. Out: words. Pure but for the reader's language.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from server.web.console.desk import Desk
from server.web.console.languages import later

Shown = Mapping[str, Any]

VERDICTS: Final = {
    "send": later("Sent"),
    "withhold": later("Withheld"),
    "hold": later("Waits"),
    "hold_out": later("Control group"),
}
VERDICT_TAGS: Final = {"send": "good", "withhold": "bad", "hold": "warn", "hold_out": ""}

STATES: Final = {
    "waiting": later("on its way"),
    "sent": later("sent to them"),
    "refused": later("refused"),
    "expired": later("too late"),
    "undeliverable": later("undeliverable"),
    "dead_letter": later("given up"),
    "withdrawn": later("withdrawn"),
    "postponed": later("tried again later"),
    "unreachable": later("not reached"),
    "passed_over": later("passed over"),
    "returned": later("given back"),
}

CHANNELS: Final = {
    "fcm": later("push to the app"),
    "webpush": later("push to the browser"),
    "email": later("e-mail"),
    "sms": later("SMS"),
    "chat": later("chat"),
    "webhook": later("your own system"),
    "inbox": later("the app's inbox"),
    "live": later("the open app"),
}

EVENTS: Final = {
    "entered": later("came into {zone}"),
    "dwelled": later("stayed in {zone}"),
    "exited": later("left {zone}"),
}

PURPOSES: Final = {
    "location": later("Use of location"),
    "profiling": later("A profile of habits"),
    "push": later("Push messages"),
    "email": later("E-mail"),
    "sms": later("SMS"),
}


def word(desk: Desk, words: Mapping[str, str], name: str | None) -> str:
    """A word of ours in the reader's language; as it is where none is known."""
    return desk.say(words[name]) if name is not None and name in words else str(name or "")


def because(reasons: Sequence[Shown]) -> str:
    """All reasons that stand against it, one after the other."""
    return "; ".join(str(each["words"]) for each in reasons)


def sentence(desk: Desk, name: str, decided: Shown | None, offer: Shown | None) -> str:
    """In one sentence: `Ann got nothing: quiet hours until 09:00.`, and its like."""
    if decided is None:
        return desk.say(
            "Nothing was decided for {name}: they did not do what this campaign waits for.", name=name
        )
    why = because(decided["reasons"])
    verdict = decided["verdict"]
    if verdict == "send":
        return _sent(desk, name, offer)
    if verdict == "hold":
        return desk.say("{name} gets nothing yet: {why}.", name=name, why=why)
    if verdict == "hold_out":
        why = because([each for each in decided["reasons"] if each["gate"] == "hold_out"])
    return desk.say("{name} got nothing: {why}.", name=name, why=why)


def _sent(desk: Desk, name: str, offer: Shown | None) -> str:
    if offer is None:
        return desk.say("{name} was to get it: nothing spoke against it.", name=name)
    channel = word(desk, CHANNELS, offer["channel"])
    if offer["state"] == "sent":
        return desk.say("{name} got it by {channel}.", name=name, channel=channel)
    if offer["state"] == "waiting":
        return desk.say("{name} is about to get it by {channel}.", name=name, channel=channel)
    why = offer["last_why"] or word(desk, STATES, offer["state"])
    return desk.say("It was sent to {name} and did not arrive: {why}.", name=name, why=why)


def supposed(desk: Desk, name: str, now: Shown, zone: str) -> str:
    """What would be decided now."""
    if now["verdict"] is None:
        return desk.say("The campaign is not live: it decides nothing.")
    facts = {"name": name, "zone": zone, "why": because(now["reasons"])}
    if now["verdict"] == "send":
        text = (
            later("{name} is in {zone}, and would get it now.")
            if now["there"]
            else later("If {name} came to {zone} now, they would get it.")
        )
        return desk.say(text, **facts)
    if now["verdict"] == "hold_out":
        return desk.say("{name} is in the control group, and would get nothing.", **facts)
    text = (
        later("{name} is in {zone}, and would get nothing now: {why}.")
        if now["there"]
        else later("If {name} came to {zone} now, they would get nothing: {why}.")
    )
    return desk.say(text, **facts)
