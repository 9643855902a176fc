import pytest
from pydantic import ValidationError

from server.campaigns import Campaign, Trigger, Where
from tests.server.campaigns.makers import a_campaign, a_document


@pytest.mark.parametrize(
    "where", [{}, {"zones": []}, {"zones": ["a"], "site": "b"}, {"group": "g", "site": "s"}, {"group": ""}]
)
def test_a_campaign_says_where_in_one_way(where):
    with pytest.raises(ValidationError):
        Where.model_validate(where)


def test_only_a_dwell_has_seconds_and_it_must_have_them():
    where = {"zones": ["z_shoes"]}
    assert Trigger.model_validate({"on": "dwelled", "where": where, "after_s": 300}).after_s == 300
    for on, after in (
        ("dwelled", {}),
        ("dwelled", {"after_s": 0}),
        ("entered", {"after_s": 5}),
        ("exited", {"after_s": 5}),
    ):
        with pytest.raises(ValidationError, match="only for a dwell"):
            Trigger.model_validate({"on": on, "where": where} | after)


@pytest.mark.parametrize("after_s", [float("nan"), float("inf"), -1, 86_401])
def test_a_dwell_lasts_at_most_a_day(after_s):
    with pytest.raises(ValidationError, match="after_s"):
        Trigger.model_validate({"on": "dwelled", "where": {"site": "s"}, "after_s": after_s})


@pytest.mark.parametrize("id", ["c_4711", "spring-shoes", "2026.06:shoes", "A" * 64])
def test_the_owner_may_name_a_campaign_as_they_like(id):
    assert a_campaign(id).id == id


@pytest.mark.parametrize("id", ["", " shoes", "-shoes", "../shoes", "shoes\n", "A" * 65, "scarpe è"])
def test_an_id_that_would_not_fit_an_address_is_refused(id):
    with pytest.raises(ValidationError, match="id"):
        Campaign.model_validate(a_document(id=id))


def test_a_campaign_cannot_be_changed_once_read():
    with pytest.raises(ValidationError, match="frozen"):
        a_campaign().priority = 9


def test_a_new_campaign_is_a_draft_until_somebody_says_otherwise():
    document = a_document()
    del document["state"]
    assert Campaign.model_validate(document).state == "draft"


def test_the_form_of_a_campaign_knows_every_condition_by_its_kind():
    conditions = Campaign.model_json_schema()["properties"]["conditions"]["items"]
    assert {"consent", "schedule", "segment"} <= conditions["discriminator"]["mapping"].keys()


OTHER = a_document()["offer"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"channels": []}, "channels"),
        ({"channels": ["fcm", "email", "fcm"]}, "each channel is tried once; fcm is there twice"),
        ({"channels": ["pigeon"]}, "'fcm', 'webpush', 'email'"),
        ({"hold_out": 0.95}, "less than or equal to 0.9"),
        ({"hold_out": float("nan")}, "hold_out"),
        ({"value": float("inf")}, "value"),
        ({"group": ""}, "group"),
        ({"hold": {}}, "hold.at_most"),
        ({"hold": {"at_most": "soon"}}, "such as '45m'"),
        ({"follow_ups": [{"when": "asleep", "after": "1h", "channels": ["fcm"]}]}, "'not_opened'"),
        ({"follow_ups": [{"when": "redeemed", "after": "1h"}]}, "follow_ups.0.channels"),
        ({"follow_ups": [{"when": "redeemed", "channels": ["fcm"]}]}, "follow_ups.0.after"),
        ({"follow_ups": [{"when": "redeemed", "after": "1h", "channels": ["fcm"]}] * 4}, "at most 3"),
        ({"variants": [{"id": "a"}]}, "at least two variants"),
        ({"variants": [{"id": "a"}, {"id": "a", "offer": OTHER}]}, "two variants of the id 'a'"),
        ({"variants": [{"id": "a"}, {"id": "b"}]}, "only one variant can be the campaign's own offer"),
        ({"variants": [{"id": "a", "weight": 0}, {"id": "b", "offer": OTHER}]}, "greater than 0"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(changes, words):
    with pytest.raises(ValidationError) as caught:
        Campaign.model_validate(a_document(**changes))
    assert words in str(caught.value)


def test_a_variant_without_an_offer_is_the_campaigns_own():
    campaign = a_campaign(variants=[{"id": "ours"}, {"id": "other", "offer": {**OTHER, "life_s": 60}}])
    assert campaign.offers[0] == campaign.offer
    assert [offer.life_s for offer in campaign.offers] == [7200, 60]
