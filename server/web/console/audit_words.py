"""What each door is in the words of somebody who reads the audit log: `DELETE /v1/shoppers/{shopper}` is "erased a shopper".

In: a verb as lines tell it. Out: words; for a door that is not named here what was done by its method, and the door itself.
"""

from typing import Final

from server.web.console.desk import Desk
from server.web.console.languages import later

WORDS: Final = {
    "POST /v1/login": later("logged in"),
    "POST /v1/login/code": later("gave the code of the second step"),
    "POST /v1/logout": later("logged out"),
    "PUT /v1/session/password": later("changed their own password"),
    "POST /v1/session/two-factor": later("began to set up the second step"),
    "POST /v1/session/two-factor/confirmation": later("turned the second step on"),
    "PUT /v1/session/two-factor": later("took their second step off"),
    "POST /v1/session/two-factor/recovery-codes": later("made new recovery codes"),
    "DELETE /v1/sessions": later("ended their other sessions"),
    "DELETE /v1/sessions/{session}": later("ended one of their sessions"),
    "POST /v1/invitations/{token}": later("chose a password by a link"),
    "POST /v1/staff": later("let somebody in"),
    "PATCH /v1/staff/{member}": later("changed somebody's name or role"),
    "PUT /v1/staff/{member}/shops": later("said which shops somebody is of"),
    "DELETE /v1/staff/{member}": later("let somebody go"),
    "POST /v1/staff/invitations": later("invited somebody"),
    "DELETE /v1/staff/invitations/{invitation}": later("withdrew an invitation"),
    "POST /v1/staff/{member}/reset": later("made a link for a new password"),
    "DELETE /v1/staff/{member}/sessions": later("ended somebody's sessions"),
    "DELETE /v1/staff/{member}/two-factor": later("took somebody's second step off"),
    "POST /v1/keys": later("made a key"),
    "DELETE /v1/keys/{key}": later("revoked a key"),
    "GET /v1/audit": later("looked into the audit log"),
    "GET /v1/shoppers": later("looked for shoppers"),
    "POST /v1/shoppers": later("kept what is known of a shopper"),
    "GET /v1/shoppers/{shopper}": later("looked at a shopper"),
    "DELETE /v1/shoppers/{shopper}": later("erased a shopper"),
    "GET /v1/shoppers/{shopper}/export": later("exported all about a shopper"),
    "GET /v1/shoppers/{shopper}/touchpoints": later("looked at what passed with a shopper"),
    "POST /v1/shoppers/{shopper}/devices": later("gave a shopper a fob"),
    "PUT /v1/shoppers/{shopper}/consents": later("kept a shopper's answers"),
    "GET /v1/shoppers/{shopper}/consents": later("looked at a shopper's consents"),
    "GET /v1/replies": later("looked at shoppers' replies"),
    "GET /v1/replies/{reply}": later("looked at a reply"),
    "PUT /v1/replies/{reply}/done": later("marked a reply as seen to"),
    "POST /v1/redemptions": later("redeemed an offer"),
    "POST /v1/redemptions/rollback": later("took a redemption back"),
    "GET /v1/redemptions": later("looked at redemptions of a till"),
    "POST /v1/till/keys": later("made a new key for codes"),
    "PUT /v1/consent-texts/{purpose}/{version}": later("published a consent text"),
    "GET /v1/purchases/{order}/credit": later("looked at an order"),
    "PUT /v1/coupons/{coupon}": later("changed a coupon"),
    "POST /v1/coupons/{coupon}/codes": later("added codes to a coupon"),
    "PUT /v1/zones": later("changed zones"),
    "POST /v1/zones": later("drew zones"),
    "PUT /v1/zones/{zone}": later("changed a zone"),
    "DELETE /v1/zones/{zone}": later("removed a zone"),
    "PUT /v1/floor-plans/{plan}": later("changed a floor plan"),
    "DELETE /v1/floor-plans/{plan}": later("removed a floor plan"),
    "PUT /v1/floor-plans/{plan}/picture": later("changed the picture of a floor plan"),
    "DELETE /v1/floor-plans/{plan}/picture": later("removed the picture of a floor plan"),
    "POST /v1/surveys": later("kept a survey"),
    "POST /v1/surveys/{survey}/use": later("put a survey to use"),
    "POST /v1/surveys/revert": later("went back to an earlier survey"),
    "POST /v1/surveys/walks": later("began a survey walk"),
    "DELETE /v1/surveys/walks/{walk}": later("ended a survey walk"),
    "PUT /v1/anchors": later("changed anchors"),
    "PUT /v1/anchors/{anchor}": later("changed an anchor"),
    "DELETE /v1/anchors/{anchor}": later("removed an anchor"),
    "POST /v1/gateways": later("added a gateway"),
    "PUT /v1/gateways/{gateway}": later("renamed a gateway"),
    "POST /v1/gateways/{gateway}/token": later("made a new token for a gateway"),
    "DELETE /v1/gateways/{gateway}": later("removed a gateway"),
    "POST /v1/campaigns": later("made a campaign"),
    "PUT /v1/campaigns/{campaign}": later("changed a campaign"),
    "DELETE /v1/campaigns/{campaign}": later("removed a draft campaign"),
    "POST /v1/campaigns/{campaign}/clone": later("copied a campaign"),
    "POST /v1/campaigns/{campaign}/preview": later("previewed a campaign for a shopper"),
    "POST /v1/campaigns/{campaign}/dry-run": later("tried a campaign on past visits"),
    "POST /v1/campaigns/{campaign}/test-send": later("sent a test of a campaign"),
    "PUT /v1/campaigns.toml": later("brought in campaigns from a file"),
    "PUT /v1/segments/{segment}": later("changed a segment"),
    "DELETE /v1/segments/{segment}": later("removed a segment"),
    "POST /v1/segments/count": later("counted a segment"),
    "GET /v1/segments/{segment}/count": later("counted who is in a segment"),
    "GET /v1/testers": later("looked at testers"),
    "POST /v1/testers": later("invited a tester"),
    "DELETE /v1/testers/{tester}": later("removed a tester"),
    "GET /v1/decisions": later("looked at decisions"),
    "GET /v1/decisions/{decision}": later("looked at a decision"),
    "GET /v1/decisions/why": later("asked why about a shopper"),
    "GET /v1/visits": later("looked at visits"),
    "GET /v1/visits/{visit}": later("looked at a visit"),
    "GET /v1/visits/{visit}/evidence": later("looked at the evidence of a visit"),
    "GET /v1/visits/{visit}/evidence.svg": later("looked at the plot of a visit"),
    "GET /v1/devices/{device}/presence": later("looked where a device is"),
    "GET /v1/dead-letters": later("looked at dead letters"),
    "POST /v1/dead-letters/replay": later("sent dead letters again"),
    "POST /v1/dead-letters/{offer}/replay": later("sent a dead letter again"),
    "PUT /v1/webhooks/{webhook}": later("changed a webhook"),
    "DELETE /v1/webhooks/{webhook}": later("removed a webhook"),
    "POST /v1/webhooks/{webhook}/secret": later("made a new secret for a webhook"),
    "POST /v1/webhooks/{webhook}/test": later("sent a test to a webhook"),
    "GET /v1/webhooks/{webhook}/deliveries": later("looked at deliveries of a webhook"),
    "POST /v1/webhooks/{webhook}/deliveries/{event}/replay": later("sent a delivery again"),
    "POST /v1/webhooks/{webhook}/replay": later("sent given-up deliveries again"),
    "GET /v1/live": later("listened to what happens"),
}

_BY_METHOD: Final = {
    "GET": later("looked at something"),
    "HEAD": later("looked at something"),
    "POST": later("did something"),
    "PUT": later("changed something"),
    "PATCH": later("changed something"),
    "DELETE": later("removed something"),
}


def done(desk: Desk, verb: str) -> str:
    """`erased a shopper`; a command of the server's own command line stands as it was typed."""
    if verb in WORDS:
        return desk.say(WORDS[verb])
    method = verb.partition(" ")[0]
    return desk.say(_BY_METHOD[method]) if method in _BY_METHOD else desk.say("gave a command on the server")


def choices(desk: Desk) -> dict[str, str]:
    """All that is named, for a list to choose from, in the order of the reader's language."""
    return dict(
        sorted(
            ((verb, desk.say(words)) for verb, words in WORDS.items()), key=lambda each: each[1].casefold()
        )
    )
