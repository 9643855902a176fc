"""What happens is told in lines that name zones and campaigns, and nobody."""

from datetime import timedelta

import pytest

from server.web.console.desk import Desk, Who
from server.web.console.happenings import MOST, Happenings, Names
from server.web.console.so_far import beside, so_far
from tests.conftest import NOON

FEATURES = [
    {"properties": {"id": "shop", "name": "Brera <b>", "parent": None, "time_zone": "Europe/Rome"}},
    {"properties": {"id": "shoes", "name": "Shoes", "parent": "shop", "time_zone": None}},
]
ENTERED = {
    "type": "zone_event",
    "kind": "entered",
    "device": "d_1",
    "shopper": "sh_1",
    "zone": "shoes",
    "visit": "v_1",
    "at": NOON,
    "dwelled_s": None,
    "late": False,
}
SILENT = {
    "type": "decision",
    "id": "dec_1",
    "verdict": "withhold",
    "campaign": "spring",
    "device": "d_1",
    "shopper": "sh_1",
    "zone": "shoes",
    "visit": "v_1",
    "at": NOON + timedelta(seconds=1),
    "reasons": [
        {"gate": "quiet", "words": "quiet until 09:00", "words_in": {"it": "silenzio fino alle 09:00"}}
    ],
}
SENT = {**SILENT, "verdict": "send", "at": NOON + timedelta(seconds=2), "reasons": []}


@pytest.fixture
def names():
    names = Names(campaigns={"spring": "Spring & shoes"})
    names.learn_zones(FEATURES)
    return names


def desk(language="en"):
    return Desk(Who("st_1", "Ann", "a@b", "analyst"), None, language, "auto", "/", None)  # type: ignore[arg-type]


def heard(*news, language="en"):
    happenings = Happenings(language)
    for each in news:
        happenings.hear(each)
    return happenings


def told(line, names, language="en"):
    return names.line(desk(language), line)


def test_a_line_has_names_and_the_shops_clock_and_nobodys_id(names):
    (line,) = heard(ENTERED).newest("all")
    said = told(line, names)
    assert "<time>14:00:00</time>" in said
    assert "Somebody entered <b>Shoes</b>" in said
    assert not any(name in repr(line) for name in ("sh_1", "d_1", "v_1"))


def test_what_others_named_is_no_html(names):
    said = told(heard({**SILENT, "zone": "shop"}).newest("all")[0], names)
    assert "Brera &lt;b&gt;" in said
    assert "Spring &amp; shoes" in said


def test_a_silence_says_why_in_the_readers_language(names):
    assert "quiet until 09:00" in told(heard(SILENT).newest("silences")[0], names)
    italian = told(heard(SILENT, language="it").newest("silences")[0], names, "it")
    assert "tace" in italian
    assert "silenzio fino alle 09:00" in italian


def test_each_sort_is_read_alone_the_newest_first():
    happenings = heard(ENTERED, SILENT, SENT)
    assert [line.kind for line in happenings.newest("all")] == ["send", "withhold", "entered"]
    assert [line.kind for line in happenings.newest("visits")] == ["entered"]
    assert [line.kind for line in happenings.newest("sent")] == ["send"]
    assert [line.kind for line in happenings.newest("silences")] == ["withhold"]


def test_a_rush_of_visits_does_not_push_the_one_offer_out():
    rush = [{**ENTERED, "at": NOON + timedelta(minutes=1, seconds=i)} for i in range(3 * MOST)]
    happenings = heard(SENT, *rush)
    assert len(happenings.newest("all")) == MOST
    assert len(happenings.newest("sent")) == 1


def test_what_comes_late_is_history_and_no_line_of_now():
    assert not heard({**ENTERED, "late": True}).newest("all")


def test_what_was_before_is_told_once_and_in_its_place():
    happenings = heard(SILENT)
    earlier = [
        {"at": "2026-06-10T12:00:01Z", "kind": "withhold", "zone": "shoes", "campaign": "spring", "why": "x"},
        {"at": "2026-06-10T11:00:00Z", "kind": "exited", "zone": "shop", "campaign": None, "why": None},
    ]
    happenings.begin(earlier)
    happenings.begin(earlier)
    assert [line.kind for line in happenings.newest("all")] == ["withhold", "exited"]


@pytest.mark.parametrize(
    ("now", "then", "said"),
    [
        (112, 100, "12% more than last Sunday by now"),
        (90, 100, "10% less than last Sunday by now"),
        (100, 100, "as many as last Sunday by now"),
        (7, 3, "3 last Sunday by now"),
        (7, 0, "none last Sunday by now"),
    ],
)
def test_today_is_told_beside_last_week(now, then, said):
    words, _ = beside(desk(), now, then, desk().number(then), "Sunday")
    assert words == said


def test_revenue_stands_by_currency_where_there_was_some():
    day = {"until": "x", "clock": "UTC", "currency": None}
    lines = [
        {**day, "day": "2026-06-10", "figure": "visits", "value": 5.0},
        {**day, "day": "2026-06-03", "figure": "visits", "value": 20.0},
        {**day, "day": "2026-06-03", "figure": "revenue", "value": 40.5, "currency": "EUR"},
    ]
    html = so_far(desk(), lines)
    assert "75% less than last Wednesday by now" in html
    assert "€0.00" in html
    assert "€40.50 last" not in html
    assert html.count('class="figure"') == 2
