"""What people call the gates and conditions that a decision names. Pure.

In: the name that documents and decisions use. Out: a readable one in each language; one that stands in no table reads as its own words.
"""

from server.campaigns.words import SPOKEN_LANGUAGE, Phrases

NAMES: Phrases = {
    "en": {
        "shopper_known": "known shopper",
        "offer_life": "life of the offer",
        "shopper_quiet_hours": "the shopper's quiet hours",
        "once_a_visit": "once a visit",
        "one_a_visit": "one campaign a visit",
        "arbitration": "choice among campaigns",
        "text": "text of the offer",
        "hold": "waiting",
        "hold_out": "control group",
        "not_live": "campaign not live",
    },
    "it": {
        "shopper_known": "cliente noto",
        "sensitive_place": "luogo sensibile",
        "consent": "consenso",
        "freshness": "freschezza",
        "still_there": "ancora presente",
        "still_open": "ancora aperto",
        "journey": "percorso",
        "offer_life": "durata dell'offerta",
        "reachable": "raggiungibile",
        "shopper_quiet_hours": "ore di quiete del cliente",
        "once_a_visit": "una volta a visita",
        "other_device": "altro dispositivo",
        "one_a_visit": "una campagna a visita",
        "arbitration": "scelta tra le campagne",
        "text": "testo dell'offerta",
        "hold": "attesa",
        "hold_out": "gruppo di controllo",
        "not_live": "campagna non attiva",
        "budget": "budget",
        "cooldown": "pausa tra le offerte",
        "first_visit": "prima visita",
        "frequency_cap": "limite di frequenza",
        "lapsed": "cliente che non torna",
        "not_in_zone": "mai stato in zona",
        "nth_visit": "visita numero",
        "opening_hours": "orari di apertura",
        "quiet_hours": "ore di silenzio",
        "redeemable": "offerta utilizzabile",
        "redeemed": "offerte usate",
        "schedule": "calendario",
        "segment": "segmento",
        "stayed_long": "permanenza lunga",
        "stock": "scorta di offerte",
        "was_in_zone": "già stato in zona",
    },
}


def gate_name(gate: str, language: str) -> str:
    """The readable name, such as `frequency cap` or `limite di frequenza`."""
    named = NAMES.get(language, NAMES[SPOKEN_LANGUAGE])
    return named.get(gate, gate.replace("_", " "))
