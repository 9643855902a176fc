"""What should have happened against what did, case by case."""

from dataclasses import replace

import pytest

from simulator.oracle import Expectation, Rule
from simulator.truth import Stay
from simulator.verdict import Decided, Due, Found, Happened, Push, judge, quantile

WELCOME = Rule("welcome", "entered", frozenset({"shop"}), 0.0, 10, [{"kind": "cooldown"}])
GOLD = Rule("gold", "entered", frozenset({"shop"}), 0.0, 50, [{"kind": "frequency_cap", "at_most": 1}])
SECOND_AT_MOST = Rule(
    "till", "entered", frozenset({"till"}), 0.0, 5, [{"kind": "frequency_cap", "at_most": 1, "scope": "all"}]
)
EVERY_TIME = Rule("hello", "entered", frozenset({"shop"}), 0.0, 1, [])

STAY = Stay("ann.phone", "shop", 5.0, 60.0, 18.0, 58.0)
VISIT = Found("v_1", "ann.phone", "shop", 8.0, None)
PUSH = Push("ann", "welcome", "v_1", "of_1", "Benvenuta", 12.0)
SENT = Decided("ann", "welcome", True, ("arbitration",), "v_1", "entered", 8.0)


def expecting(campaign="welcome", owed=1, at_most=1, from_s=2.0) -> Expectation:
    return Expectation("ann", campaign, owed, at_most, from_s, 18.0 if owed else None, "entered shop")


def a_due(*expected: Expectation) -> Due:
    expected = expected or (expecting(),)
    rules = (WELCOME, GOLD, SECOND_AT_MOST, EVERY_TIME)
    return Due(
        expected={("ann", each.campaign): each for each in expected},
        rules={rule.own_id: rule for rule in rules},
        stays=[STAY],
        carriers={"ann.phone": "ann", "bob.phone": "bob"},
        titles={(who, rule.own_id): "Benvenuta" for who in ("ann", "bob") for rule in rules},
    )


def withheld(*gates, campaign="welcome") -> Decided:
    return Decided("ann", campaign, False, gates, "v_1", "entered", 8.0)


def figures(due: Due, *pushes, decisions=(SENT,), visits=(VISIT,)) -> tuple[int, int, int, int, int]:
    """Due, missed, lost, wrong, doubled."""
    verdict = judge(due, Happened(pushes, decisions, visits))
    return (
        verdict.offers_due,
        verdict.offers_missed,
        verdict.offers_lost,
        verdict.offers_wrong,
        verdict.offers_doubled,
    )


def test_what_was_due_came_once():
    verdict = judge(a_due(), Happened([PUSH], [SENT], [VISIT], [40.0]))
    assert verdict.good
    assert verdict.as_json() == {
        "visits_true": 1,
        "visits_found": 1,
        "offers_due": 1,
        "offers_sent": 1,
        "offers_missed": 0,
        "offers_wrong": 0,
        "offers_doubled": 0,
        "heard_to_sent_ms_p50": 40.0,
        "heard_to_sent_ms_p99": 40.0,
        "withheld": {},
    }


AGAIN = replace(PUSH, at_s=13.0, again=True)
OTHER_VISIT = replace(PUSH, visit="v_2", offer="of_2", at_s=30.0)
SECOND_VISIT = Found("v_2", "ann.phone", "shop", 28.0, None)
OPEN = a_due(expecting(owed=0))


@pytest.mark.parametrize(
    ("due", "pushes", "decisions", "wanted"),
    [
        pytest.param(a_due(), [], [], (1, 1, 1, 0, 0), id="nothing was decided: lost"),
        pytest.param(a_due(), [], [SENT], (1, 1, 1, 0, 0), id="decided to send, and it never came: lost"),
        pytest.param(a_due(), [], [withheld("consent")], (1, 1, 1, 0, 0), id="a reason that is not so: lost"),
        pytest.param(a_due(), [], [withheld()], (1, 1, 1, 0, 0), id="withheld without a reason: lost"),
        pytest.param(
            a_due(),
            [],
            [withheld("freshness")],
            (1, 1, 0, 0, 0),
            id="heard too late: missed, with its reason",
        ),
        pytest.param(
            a_due(),
            [],
            [withheld("frequency_cap")],
            (1, 1, 0, 0, 0),
            id="a cap that nothing bears out: missed",
        ),
        pytest.param(a_due(), [PUSH, AGAIN], [SENT], (1, 0, 0, 0, 1), id="the same offer again: doubled"),
        pytest.param(
            a_due(), [PUSH, OTHER_VISIT], [SENT], (1, 0, 0, 0, 1), id="flapped into a second visit: doubled"
        ),
        pytest.param(OPEN, [], [], (0, 0, 0, 0, 0), id="at the border, silent: fine"),
        pytest.param(OPEN, [PUSH], [SENT], (0, 0, 0, 0, 0), id="at the border, sent: fine"),
        pytest.param(OPEN, [PUSH, AGAIN], [SENT], (0, 0, 0, 0, 1), id="at the border, sent twice: doubled"),
        pytest.param(
            a_due(), [replace(PUSH, at_s=1.0)], [SENT], (1, 0, 0, 1, 0), id="before it could be known: wrong"
        ),
        pytest.param(
            a_due(),
            [replace(PUSH, title="Welcome")],
            [SENT],
            (1, 0, 0, 1, 0),
            id="in another language: wrong",
        ),
        pytest.param(
            a_due(),
            [replace(PUSH, visit="v_9")],
            [SENT],
            (1, 0, 0, 1, 0),
            id="for a visit nobody knows: wrong",
        ),
        pytest.param(
            a_due(),
            [PUSH, replace(PUSH, shopper="bob", offer="of_3", visit="v_2")],
            [SENT],
            (1, 0, 0, 1, 0),
            id="to who was not there: wrong",
        ),
        pytest.param(
            a_due(),
            [PUSH, replace(PUSH, campaign="nonsense")],
            [SENT],
            (1, 0, 0, 1, 0),
            id="of no campaign: wrong",
        ),
    ],
)
def test_cases(due, pushes, decisions, wanted):
    assert figures(due, *pushes, decisions=decisions, visits=(VISIT, SECOND_VISIT)) == wanted


def test_old_news_makes_no_messages():
    late = replace(PUSH, at_s=40.0)
    assert figures(replace(a_due(), freshness_s=10.0), late) == (1, 0, 0, 1, 0)
    assert figures(a_due(), late) == (1, 0, 0, 0, 0)


def test_an_offer_for_a_visit_of_somebody_else_is_wrong():
    bobs = Found("v_1", "bob.phone", "shop", 8.0, None)
    assert figures(a_due(), PUSH, visits=(bobs,)) == (1, 0, 0, 1, 0)


def test_a_campaign_without_a_cap_speaks_at_each_visit():
    due = a_due(expecting("hello", owed=1, at_most=99))
    hello = replace(PUSH, campaign="hello")
    again = replace(hello, visit="v_2", offer="of_2", at_s=40.0)
    assert figures(due, hello, again, visits=(VISIT, SECOND_VISIT)) == (1, 0, 0, 0, 0)


def test_who_lost_the_moment_gave_way():
    due = a_due(expecting(), expecting("gold"))
    gold = replace(PUSH, campaign="gold")
    assert figures(due, gold, decisions=[withheld("arbitration")]) == (1, 0, 0, 0, 0)


def test_who_lost_to_nobody_did_not_give_way():
    assert figures(a_due(), decisions=[withheld("arbitration")]) == (1, 1, 0, 0, 0)


def test_two_winners_of_one_moment_are_one_too_many():
    due = a_due(expecting(), expecting("gold"))
    gold = replace(PUSH, campaign="gold", offer="of_2", at_s=11.9)
    assert figures(due, gold, PUSH) == (2, 0, 0, 1, 0)


def test_the_cap_over_all_campaigns_holds():
    due = a_due(expecting(), expecting("till"))
    till = replace(PUSH, campaign="till", visit="v_2", offer="of_2", at_s=30.0)
    assert figures(due, PUSH, till, visits=(VISIT, SECOND_VISIT)) == (2, 0, 0, 1, 0)
    assert figures(due, PUSH, decisions=[withheld("frequency_cap", campaign="till")]) == (1, 0, 0, 0, 0)


def test_a_visit_that_nobody_can_have_made_is_counted_apart():
    phantom = Found("v_7", "ann.phone", "till", 8.0, None)
    verdict = judge(a_due(), Happened([PUSH], [SENT], [VISIT, phantom]))
    assert (verdict.visits_found, verdict.visits_unmade) == (1, 1)


def test_following_somebody_who_never_agreed_fails_the_story():
    due = replace(a_due(), unseen=frozenset({"bob.phone"}))
    verdict = judge(due, Happened([PUSH], [SENT], [VISIT, Found("v_8", "bob.phone", "shop", 8.0, None)]))
    assert not verdict.good
    assert list(verdict.complaints) == ["forbidden: bob.phone was followed into shop"]


def test_silences_are_counted_by_reason():
    decisions = [SENT, withheld("segment"), withheld("segment", "schedule")]
    assert judge(a_due(), Happened([PUSH], decisions, [VISIT])).withheld == {"segment": 2, "schedule": 1}


def test_each_complaint_is_a_sentence_with_its_shopper():
    verdict = judge(a_due(), Happened())
    assert list(verdict.complaints) == ["lost: welcome to ann (entered shop): nothing was decided"]
    assert not verdict.good


@pytest.mark.parametrize(
    ("values", "share", "wanted"),
    [([], 0.5, None), ([7.0], 0.99, 7.0), ([1, 2, 3, 4], 0.5, 2), ([1, 2, 3], 0.99, 3)],
)
def test_quantiles_are_values_that_were_measured(values, share, wanted):
    assert quantile(values, share) == wanted
