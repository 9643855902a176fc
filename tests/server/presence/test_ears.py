"""Silence: who is not heard by a gateway that does not hear has not left; what happened meanwhile is told in its own time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.presence.ears import BACKGROUND_WORDS, Ear, brought, doubts, in_step, told
from server.presence.sighting import Batch
from server.zones.zone import AnchorSet
from tests.makers import NOON_S, QUICK, Walkthrough, a_department, a_shop, a_word, an_anchor, fix, heard

ANCHORS = [an_anchor("shoes"), an_anchor("bags")]
PLACES = (
    a_shop(place=None, manner=QUICK),
    a_department("shoe-wall", AnchorSet(("shoes",)), manner=QUICK),
    a_department("bag-wall", AnchorSet(("bags",)), manner=QUICK),
)
EVERY_S = 15


def a_day(*, dwells_s=None, ears=("shoes", "bags")) -> Walkthrough:
    """A shop with two gateways that are well at noon."""
    shop = Walkthrough(*PLACES, anchors=ANCHORS, dwells_s=dwells_s)
    for anchor in ears:
        shop.hear_from(anchor, a_word(0))
    return shop


def stands(second: float, anchor: str = "shoes", device: str = "fob") -> list:
    """A fob at one gateway's wall is heard there, and less by the other."""
    return [heard(second, each.id, -60.0 if each.id == anchor else -82.0, device) for each in ANCHORS]


def words(shop: Walkthrough, second: float, *anchors: str, **changes) -> None:
    for anchor in anchors or ("shoes", "bags"):
        shop.hear_from(anchor, a_word(second, **changes))


def play(
    shop: Walkthrough, first: int, last: int, *devices: str, anchor: str = "shoes", well: bool = True
) -> None:
    """Seconds in the shop: each device is heard in each, gateways say that they are well, time passes."""
    for second in range(first, last):
        if well and second % EVERY_S == 0:
            words(shop, second)
        if devices:
            shop.take(*[each for device in devices for each in stands(second, anchor, device)])
        shop.wait_until(second + 0.9)


def test_who_leaves_a_shop_whose_gateways_are_well_has_left_when_last_heard():
    shop = a_day()
    play(shop, 0, 20, "fob")
    play(shop, 20, 60)
    assert shop.told("shop") == [("entered", 0.0), ("exited", 19.0)]
    assert shop.events[-1].evidence.why == "silence"


def test_a_radio_that_is_switched_off_makes_no_exits():
    shop = a_day()
    play(shop, 0, 20, "ann", "bob")
    words(shop, 20, hears=False, last_heard_at=NOON_S + 19)
    play(shop, 20, 110, well=False)
    assert [kind for kind, _ in shop.told("shop")] == ["entered", "entered"]
    words(shop, 110)
    play(shop, 111, 200, "ann")
    assert [(each.device, each.kind) for each in shop.events if each.zone == "shop"][2:] == [
        ("bob", "exited")
    ]
    assert shop.told("shop")[-1] == ("exited", 19.0)


def test_who_is_still_there_when_the_radio_hears_again_is_in_the_same_visit():
    shop = a_day()
    play(shop, 0, 20, "ann")
    words(shop, 20, hears=False)
    play(shop, 20, 110, well=False)
    shop.take(*stands(111, device="ann"))  # heard before its gateway could say that it hears again
    words(shop, 112)
    play(shop, 112, 160, "ann")
    assert shop.told("shop") == [("entered", 0.0)]


def test_a_machine_without_power_makes_no_exits_and_says_nothing_before():
    shop = a_day()
    play(shop, 0, 20, "ann", "bob")
    play(shop, 20, 100, well=False)
    assert [kind for kind, _ in shop.told("shop")] == ["entered", "entered"]
    words(shop, 100, started_at=NOON_S + 95)
    play(shop, 101, 150, "ann")
    assert shop.told("shop")[2:] == [("exited", 19.0)]


def test_a_machine_that_starts_again_within_seconds_makes_no_exits():
    shop = a_day()
    play(shop, 0, 20, "ann")
    play(shop, 20, 37, well=False)
    words(shop, 37, started_at=NOON_S + 34)
    play(shop, 38, 60, "ann")
    assert shop.told("shop") == [("entered", 0.0)]


def test_a_line_that_was_cut_tells_later_what_happened_in_its_own_time():
    shop = a_day()
    play(shop, 0, 20, "ann", "bob")
    play(shop, 20, 300, well=False)
    assert [kind for kind, _ in shop.told("shop")] == ["entered", "entered"]
    words(shop, 300, waits_since=NOON_S + 20)
    for first in range(20, 320, 40):  # the spool comes in batches, the oldest first, while the clock goes on
        shop.take(
            *[
                sighting
                for second in range(first, min(first + 40, 316))
                for device in ("ann", "bob", "cat")
                if {"ann": True, "bob": second < 60, "cat": 100 <= second < 150}[device]
                for sighting in stands(second, device=device)
            ]
        )
        shop.wait_until(300 + first / 40)
    words(shop, 315)
    play(shop, 316, 340, "ann")
    told_of = {
        device: [
            (e.kind, e.at.timestamp() - NOON_S) for e in shop.events if (e.zone, e.device) == ("shop", device)
        ]
        for device in ("ann", "bob", "cat")
    }
    assert told_of == {
        "ann": [("entered", 0.0)],
        "bob": [("entered", 0.0), ("exited", 59.0)],
        "cat": [("entered", 100.0), ("exited", 149.0)],
    }


def test_a_shop_that_was_empty_while_the_line_was_cut_was_empty_and_not_deaf():
    shop = a_day()
    play(shop, 0, 20, "ann")
    play(shop, 20, 600, well=False)
    words(shop, 600, waits_since=NOON_S + 500)
    shop.take(*[each for second in range(500, 600) for each in stands(second, device="ann")])
    shop.wait_until(600.5)
    assert shop.told("shop") == [("entered", 0.0), ("exited", 19.0), ("entered", 500.0)]


def test_a_gateway_that_stays_silent_is_given_up_after_an_hour():
    shop = a_day()
    play(shop, 0, 20, "ann")
    for second in range(20, 3_620, 20):
        shop.wait_until(second)
    assert shop.told("shop") == [("entered", 0.0)]
    shop.wait_until(3_621)
    assert shop.told("shop") == [("entered", 0.0), ("exited", 19.0)]
    assert {event.evidence.why for event in shop.events if event.kind == "exited"} == {
        "gateway_silent",
        "implied",
    }


def test_a_broken_gateway_does_not_hold_whom_others_hear_and_it_does_not():
    shop = a_day()
    play(shop, 0, 20, "ann")
    for second in range(20, 60):
        shop.take(heard(second, "shoes", -60.0, "ann"))
        if second % EVERY_S == 0:
            words(shop, second, "shoes")
        shop.wait_until(second + 0.9)
    for second in range(60, 100):
        if second % EVERY_S == 0:
            words(shop, second, "shoes")
        shop.wait_until(second + 0.9)
    assert shop.told("shop") == [("entered", 0.0), ("exited", 59.0)]


def test_what_other_gateways_hear_still_ends_a_visit_in_a_department():
    shop = a_day()
    play(shop, 0, 20, "ann")
    words(shop, 20, "shoes", hears=False)
    for second in range(20, 60):
        shop.take(heard(second, "bags", -58.0, "ann"))
        if second % EVERY_S == 0:
            words(shop, second, "bags")
        shop.wait_until(second + 0.9)
    assert [kind for kind, _ in shop.told("shoe-wall")] == ["entered", "exited"]
    assert [kind for kind, _ in shop.told("bag-wall")] == ["entered"]
    assert [kind for kind, _ in shop.told("shop")] == ["entered"]


def test_nobody_is_told_of_a_dwell_that_nobody_could_see():
    shop = a_day(dwells_s={"shop": [60.0]})
    play(shop, 0, 20, "ann")
    words(shop, 20, hears=False)
    play(shop, 20, 110, well=False)
    assert shop.told("shop") == [("entered", 0.0)]
    words(shop, 110)
    play(shop, 111, 120, "ann")
    assert shop.told("shop") == [("entered", 0.0), ("dwelled", 60.0)]


def test_a_phone_that_hears_beacons_is_not_held_by_gateways():
    shop = a_day(ears=("bags",))  # shoes is a fixed beacon: it says nothing of itself
    for second in range(20):
        shop.take(heard(second, "shoes", -60.0, "phone"))
    shop.wait_until(50)
    assert shop.told("shop") == [("entered", 0.0), ("exited", 19.0)]


def test_a_stalled_radio_is_known_by_the_strangers_that_it_no_longer_hears():
    shop = a_day()
    for second in range(0, 61, EVERY_S):
        words(shop, second, heard_per_s=20.0)
    play(shop, 61, 75, "ann", well=False)
    for second in range(75, 300, EVERY_S):
        words(shop, second, last_heard_at=NOON_S + 74.5)
        shop.wait_until(second)
    assert shop.told("shop") == [("entered", 61.0)]


def test_a_place_that_is_quiet_for_long_is_empty():
    ear = Ear(known_until=NOON_S, noisy=BACKGROUND_WORDS, word=a_word(0))
    for second in range(15, 900, 15):
        ear = told(ear, a_word(second, last_heard_at=NOON_S))
    assert ear.known_until == NOON_S + 885
    assert ear.noisy == 0


def test_after_a_restart_of_the_server_any_gateway_of_the_shop_may_have_been_the_one():
    shop = a_day()
    play(shop, 0, 20, "ann")
    words(shop, 20, "shoes", hears=False)
    shop.tracks.radio[0].forget(shop.tracks.slot_of["ann"])  # belief and hearings are not kept
    for second in range(21, 200, EVERY_S):
        words(shop, second, "bags")
        shop.wait_until(second)
    assert shop.told("shop") == [("entered", 0.0)]


def test_a_nap_that_a_gateway_has_explained_already_is_no_doubt():
    before = {"shoes": told(told(Ear(), a_word(0)), a_word(100, waits_since=NOON_S + 1))}
    after = brought(before, Batch.of([*stands(1), *stands(90)]).heards)
    assert not doubts(before, after)
    assert after["shoes"].known_until == NOON_S + 90


def test_a_nap_that_nobody_explained_is_a_doubt_until_somebody_does():
    before = {"shoes": told(Ear(), a_word(0))}
    after = brought(before, Batch.of([*stands(1), *stands(90)]).heards)
    assert doubts(before, after)
    assert told(after["shoes"], a_word(95)).doubtful == ()
    assert told(after["shoes"], a_word(95)).deaf == ()
    assert told(after["shoes"], a_word(95, started_at=NOON_S + 80)).deaf == ((NOON_S + 1, NOON_S + 90),)


def test_fixes_end_a_visit_whatever_becomes_of_gateways():
    shop = a_day()
    shop.ears = {}
    both = Walkthrough(a_shop(manner=QUICK), *PLACES[1:], anchors=ANCHORS)
    both.hear_from("shoes", a_word(0))
    both.take(*stands(0, device="phone"), fix(0))
    both.hear_from("shoes", a_word(20, hears=False))
    for second in range(40, 80, 5):
        both.take(fix(second, north_m=300))
        both.wait_until(second + 1)
    assert both.told("shop")[-1][0] == "exited"


visits = st.lists(st.tuples(st.integers(10, 70), st.integers(2, 30)), min_size=1, max_size=3)
cuts = st.lists(st.tuples(st.integers(2, 150), st.integers(1, 150)), max_size=3)
#: A fob of this shop is heard each third second.
BEAT_S = 3


def what_is_heard(stays_of: dict[str, list[tuple[int, int]]]) -> dict[int, list]:
    """Beat by beat what the gateway at the shoes hears: each device in its stays, between pauses."""
    beats: dict[int, list] = {}
    for device, stays in stays_of.items():
        at = 0
        for pause, length in stays:
            for beat in range(at + pause, at + pause + length):
                beats.setdefault(beat, []).append(heard(beat * BEAT_S, "shoes", -60.0, device))
            at += pause + length
    return beats


def as_told(beats: dict[int, list], spans: list[tuple[int, int]]) -> list[tuple]:
    """All that happened, in order of time, where the line was cut for these spans of beats."""
    shop, spool = Walkthrough(*PLACES, anchors=ANCHORS), []
    end, back = max(beats) + 80, False
    for beat in range(end):
        spool += beats.get(beat, [])
        second = beat * BEAT_S
        if beat <= end - 40 and any(start <= beat < start + length for start, length in spans):
            back = True
        else:
            if second % EVERY_S == 0 or back:  # once it is back it speaks before it empties its spool
                shop.hear_from("shoes", a_word(second, waits_since=spool[0].at if spool else None))
            while spool:
                shop.take(*spool[:20])
                spool = spool[20:]
                shop.wait_until(second)
            back = False
        shop.wait_until(second + 1)
    return sorted((each.at, each.device, each.zone, each.kind, each.visit) for each in shop.events)


@settings(max_examples=25, deadline=None)
@given(ann=visits, bob=visits, cut=cuts)
def test_visits_are_the_same_however_the_line_was_cut(ann, bob, cut):
    beats = what_is_heard({"ann": ann, "bob": bob})
    assert as_told(beats, cut) == as_told(beats, [])


@pytest.mark.parametrize("patience_s", [15.0, 180.0])
def test_a_silence_has_its_full_patience_after_a_deaf_span(patience_s):
    ear = Ear(known_until=NOON_S + 500, deaf=((NOON_S + 10, NOON_S + 100),))
    assert ear.complete_at(NOON_S + 9, patience_s, 3_600) == NOON_S + 100 + patience_s
    assert ear.complete_at(NOON_S + 101, patience_s, 3_600) == NOON_S + 101 + patience_s
    assert ear.complete_at(NOON_S - 500, patience_s, 3_600) == NOON_S - 500 + patience_s
    assert ear.complete_at(NOON_S + 9, patience_s, 30.0) == max(NOON_S + 40, NOON_S + 9 + patience_s)


def test_a_gateway_that_hears_again_says_so_before_it_has_heard_anybody():
    ear = Ear(known_until=NOON_S + 20, noisy=BACKGROUND_WORDS, word=a_word(20, hears=False))
    ear = told(ear, a_word(112, last_heard_at=NOON_S + 20))
    assert (ear.known_until, ear.deaf) == (NOON_S + 20, ())
    assert told(ear, a_word(117)).deaf == ((NOON_S + 20, NOON_S + 112),)


def kept_by(anchor: str, first: int, last: int):
    """What a gateway kept of these seconds."""
    return Batch.of([heard(second, anchor, -60.0) for second in range(first, last)]).heards


def back(*anchors: str, after_s: float = 600, since: float = 20) -> dict:
    """Gateways that were cut off since then and have just said that they have something to bring."""
    ears = {anchor: told(Ear(), a_word(since)) for anchor in anchors}
    return {anchor: told(ear, a_word(after_s, waits_since=NOON_S + since)) for anchor, ear in ears.items()}


def test_what_one_gateway_kept_waits_for_what_the_other_kept():
    ears, now = back("shoes", "bags"), NOON_S + 601
    assert in_step([kept_by("shoes", 20, 60)], ears, now) == [False]
    assert in_step([kept_by("shoes", 20, 60), kept_by("bags", 20, 55)], ears, now) == [True, True]
    assert in_step([kept_by("shoes", 20, 90), kept_by("bags", 20, 55)], ears, now) == [False, True]


def test_what_comes_from_now_waits_for_nobody():
    assert in_step([kept_by("shoes", 597, 601)], back("shoes", "bags"), NOON_S + 601) == [True]


def test_a_gateway_that_was_cut_off_at_the_same_time_may_come_back_too_and_one_that_broke_before_will_not():
    for since, waits in ((20, True), (-200, False)):
        ears = {**back("shoes"), "bags": told(Ear(), a_word(since))}
        assert in_step([kept_by("shoes", 20, 60)], ears, NOON_S + 601) == [not waits]


def test_a_gateway_that_has_nothing_to_bring_is_not_waited_for():
    ears = {**back("shoes"), "bags": told(Ear(), a_word(600))}
    assert in_step([kept_by("shoes", 20, 60)], ears, NOON_S + 601) == [True]


@settings(max_examples=50, deadline=None)
@given(ends=st.lists(st.integers(30, 500), min_size=1, max_size=5))
def test_the_batch_that_ends_first_may_always_be_taken(ends):
    anchors = [f"g{i}" for i in range(len(ends))]
    batches = [kept_by(anchor, 20, end) for anchor, end in zip(anchors, ends, strict=True)]
    may = in_step(batches, back(*anchors), NOON_S + 601)
    assert all(may[i] for i in range(len(ends)) if ends[i] == min(ends))


def test_an_ear_never_knows_less_than_before():
    chance = np.random.default_rng(3)
    ears = {"shoes": told(Ear(), a_word(0))}
    known = NOON_S
    for second in range(1, 200):
        if chance.random() < 0.5:
            ears = brought(ears, Batch.of(stands(second - 20 * chance.random())).heards)
        else:
            word = a_word(second, hears=bool(chance.random() < 0.7), waits_since=NOON_S + second - 5)
            ears = {"shoes": told(ears["shoes"], word)}
        assert ears["shoes"].known_until >= known
        known = ears["shoes"].known_until
