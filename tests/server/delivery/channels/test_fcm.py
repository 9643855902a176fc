import json
from contextlib import suppress
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from server.delivery.channel import ChannelDown, Refused, SendError, TryAgain, Undeliverable
from server.delivery.channels import fcm
from server.records.parcels import Address
from simulator.fcm import FcmStandIn
from simulator.fcm_answers import Fault, answer_for, refusal
from tests.server.delivery.makers import NOON, a_parcel

HTTP_DATE_IN_90_S = "Wed, 10 Jun 2026 12:01:30 GMT"


@pytest.fixture
async def stand_in():
    async with FcmStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def channel(stand_in, tmp_path):
    async with fcm.open(settings_for(stand_in, tmp_path)) as channel:
        yield channel


def settings_for(stand_in, folder, **more):
    return fcm.Settings(
        service_account_file=stand_in.service_account_file(folder), endpoint=stand_in.url, **more
    )


# -- what goes out


async def test_the_phone_gets_the_offer_its_data_and_what_is_left_of_its_life(stand_in, channel):
    receipt = await channel.send(a_parcel(), NOON + timedelta(minutes=5))
    [delivery] = stand_in.messages_for("phone-1")
    assert receipt.name == delivery.name
    assert (delivery.message.title, delivery.message.body) == ("Brera", "20 % on shoes until 12:15")
    assert delivery.message.data == {"offer": "of_1", "visit": "v_1", "campaign": "c_shoes"}
    assert delivery.message.ttl_s == 600
    assert delivery.message.collapse_key == "v_1.c_shoes"
    assert delivery.message.kind == "fid"


async def test_an_old_token_address_goes_as_a_token_without_a_deprecation_warning(stand_in, channel):
    await channel.send(a_parcel(address=Address("ad_1", "fcm_token", "old-token:APA91b")), NOON)
    [delivery] = stand_in.messages_for("old-token:APA91b")
    assert delivery.message.kind == "token"


def test_apple_and_android_get_collapse_key_and_end_in_their_own_fields():
    message = json.loads(fcm.encode(a_parcel(), NOON))["message"]
    assert message["android"] == {
        "collapse_key": "v_1.c_shoes",
        "notification": {"tag": "v_1.c_shoes"},
        "priority": "high",
        "ttl": "900s",
    }
    assert message["apns"]["headers"] == {
        "apns-collapse-id": "v_1.c_shoes",
        "apns-expiration": str(int((NOON + timedelta(minutes=15)).timestamp())),
        "apns-priority": "10",
    }


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_collapse_key_fits_apples_64_bytes_and_stays_the_same(key):
    parcel = a_parcel(collapse_key=key or "k")
    ids = [json.loads(fcm.encode(parcel, NOON))["message"]["apns"]["headers"]["apns-collapse-id"]] * 2
    assert ids[0] == ids[1]
    assert 1 <= len(ids[0].encode()) <= 64


def test_two_long_collapse_keys_do_not_fall_together():
    ids = {
        json.loads(fcm.encode(a_parcel(collapse_key="v" * 80 + tail), NOON))["message"]["apns"]["headers"][
            "apns-collapse-id"
        ]
        for tail in ("1", "2")
    }
    assert len(ids) == 2


@pytest.mark.parametrize(
    "bad",
    [
        {"body": "x" * 4096},
        {"data": {"price": 12}},
        {"data": {"surrogate": "\ud800"}},
        {"address": Address("ad_1", "webpush", "https://push.example")},
        {"address": None},
    ],
)
def test_what_fcm_would_never_take_is_refused_before_it_leaves(bad):
    with pytest.raises(Refused):
        fcm.encode(a_parcel(**bad), NOON)


# -- what comes back


@pytest.mark.parametrize(
    ("fault", "retry_after", "verdict", "after_s"),
    [
        (Fault.UNREGISTERED, None, Undeliverable, None),
        (Fault.SENDER_ID_MISMATCH, None, Undeliverable, None),
        (Fault.MALFORMED_ADDRESS, None, Undeliverable, None),
        (Fault.BAD_PAYLOAD, None, Refused, None),
        (Fault.QUOTA_EXCEEDED, None, TryAgain, 60),
        (Fault.QUOTA_EXCEEDED, "5", TryAgain, 60),
        (Fault.QUOTA_EXCEEDED, "120", TryAgain, 120),
        (Fault.QUOTA_EXCEEDED, HTTP_DATE_IN_90_S, TryAgain, 90),
        (Fault.UNAVAILABLE, None, TryAgain, None),
        (Fault.UNAVAILABLE, "7", TryAgain, 7),
        (Fault.UNAVAILABLE, HTTP_DATE_IN_90_S, TryAgain, 90),
        (Fault.UNAVAILABLE, "soon", TryAgain, None),
        (Fault.INTERNAL, None, TryAgain, None),
        (Fault.BAD_GATEWAY, None, TryAgain, None),
        (Fault.THIRD_PARTY_AUTH_ERROR, None, ChannelDown, None),
        (Fault.PERMISSION_DENIED, None, ChannelDown, None),
        (Fault.UNAUTHENTICATED, None, ChannelDown, None),
        (Fault.DROPPED, None, TryAgain, None),
    ],
)
async def test_each_error_of_fcm_is_acted_on_as_it_asks(
    stand_in, channel, fault, retry_after, verdict, after_s
):
    stand_in.fail("phone-1", fault, retry_after=retry_after)
    with pytest.raises(verdict) as raised:
        await channel.send(a_parcel(), NOON)
    assert getattr(raised.value, "after_s", None) == after_s
    assert "phone-1" not in raised.value.why
    await channel.send(a_parcel(2), NOON)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        # firebase-admin-go issue 580: too big, with an FcmError alone; the address is innocent
        (
            refusal(
                400,
                "INVALID_ARGUMENT",
                "Android message is too big",
                {
                    "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                    "errorCode": "INVALID_ARGUMENT",
                },
            ),
            Refused,
        ),
        # pushiko's capture of a bad token: both details, and the field says which
        (
            refusal(
                400,
                "INVALID_ARGUMENT",
                "Request contains an invalid argument.",
                {
                    "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                    "errorCode": "INVALID_ARGUMENT",
                },
                {
                    "@type": "type.googleapis.com/google.rpc.BadRequest",
                    "fieldViolations": [
                        {"field": "message.token", "description": "Invalid registration token"}
                    ],
                },
            ),
            Undeliverable,
        ),
        # pushiko's capture of a payload too large: no details at all
        (refusal(400, "INVALID_ARGUMENT", "Request contains an invalid argument."), Refused),
        # a 404 that does not say UNREGISTERED is about the door, not the phone
        (refusal(404, "NOT_FOUND", "Requested entity was not found."), ChannelDown),
    ],
)
def test_answers_seen_in_the_field_are_read_right(answer, verdict):
    assert type(fcm.read_error(answer.status, answer.headers, answer.body, NOON)) is verdict


@given(
    st.integers(min_value=201, max_value=599),
    st.binary()
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["error", "details", "@type", "status", "code", "message", "fieldViolations"]
                ),
                inner,
            )
        ),
    ).map(lambda answer: json.dumps(answer).encode()),
    st.none() | st.text(),
)
def test_whatever_comes_back_has_a_verdict(status, content, retry_after):
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    assert isinstance(fcm.read_error(status, headers, content, NOON), SendError)


async def test_a_quiet_fcm_is_not_waited_for_for_ever(stand_in, tmp_path):
    stand_in.fail("phone-1", Fault.SLOW, slow_s=30)
    async with fcm.open(settings_for(stand_in, tmp_path, timeout_s=0.1)) as channel:
        with pytest.raises(TryAgain):
            await channel.send(a_parcel(), NOON)


async def test_a_message_taken_just_before_the_line_broke_shows_once_when_sent_again(stand_in, channel):
    stand_in.fail("phone-1", Fault.CUT, times=1)
    with pytest.raises(TryAgain):
        await channel.send(a_parcel(), NOON)
    await channel.send(a_parcel(), NOON)
    assert len(stand_in.arrivals) == 2
    [shown] = stand_in.messages_for("phone-1")
    assert shown.repeats == 1


async def test_one_foreign_address_is_forgotten_but_five_in_a_row_are_our_own_mistake(stand_in, channel):
    stand_in.fail_sometimes(Fault.SENDER_ID_MISMATCH, 1.0)
    for number in range(4):
        with pytest.raises(Undeliverable):
            await channel.send(a_parcel(number), NOON)
    with pytest.raises(ChannelDown):
        await channel.send(a_parcel(5), NOON)


# -- who we are


async def test_a_revoked_bearer_is_renewed_once_and_the_parcel_goes(stand_in, channel):
    await channel.send(a_parcel(1), NOON)
    stand_in.revoke_tokens()
    await channel.send(a_parcel(2), NOON)
    assert stand_in.counts["token"] == 2
    assert len(stand_in.arrivals) == 2


async def test_a_bearer_that_is_never_accepted_is_renewed_only_once(stand_in, channel):
    stand_in.fail("phone-1", Fault.UNAUTHENTICATED)
    with pytest.raises(ChannelDown):
        await channel.send(a_parcel(), NOON)
    assert stand_in.counts["token"] == 2


async def test_a_token_door_that_is_away_is_a_passing_fault(stand_in, tmp_path):
    settings = settings_for(stand_in, tmp_path)
    await stand_in.__aexit__(None, None, None)
    async with fcm.open(settings) as channel:
        with pytest.raises(TryAgain):
            await channel.check()


async def test_the_service_account_may_come_as_text(stand_in):
    text = json.dumps(stand_in.service_account())
    async with fcm.open(fcm.Settings(service_account=text, endpoint=stand_in.url)) as channel:
        await channel.check()
    assert stand_in.counts["token"] == 1


@pytest.mark.parametrize(
    ("given_settings", "words"),
    [
        ({"service_account": "{"}, "not JSON"),
        ({"service_account": '{"type": "authorized_user"}'}, "service_account"),
        ({"service_account": "{}", "service_account_file": "a.json"}, "give one of"),
        ({"service_account_file": "no-such-file.json"}, "no-such-file.json cannot be read"),
        ({"service_account": "{}", "endpoint": "fcm.googleapis.com"}, "endpoint"),
        ({"service_account": "{}", "retries": 3}, "retries"),
    ],
)
def test_wrong_settings_stop_the_start_with_the_reason(given_settings, words):
    with pytest.raises(ValidationError, match=words):
        fcm.Settings(**given_settings)


def test_without_a_service_account_the_channel_is_not_enabled():
    assert not fcm.Settings().enabled


def test_every_scripted_answer_is_read_the_way_firebase_admin_names_it():
    named = {
        Fault.UNREGISTERED: "NOT_FOUND",
        Fault.QUOTA_EXCEEDED: "RESOURCE_EXHAUSTED",
        Fault.THIRD_PARTY_AUTH_ERROR: "UNAUTHENTICATED",
    }
    for fault, code in named.items():
        answer = answer_for(fault)
        assert code in fcm.read_error(answer.status, {}, answer.body, NOON).why


BOTTOMLESS = b'{"name":' + b"[" * 50_000


@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_answer_without_a_bottom_is_read_as_any_other_garbage(status):
    assert isinstance(fcm.read_error(status, {}, BOTTOMLESS, NOON), SendError)


async def test_a_message_that_was_taken_with_an_endless_answer_is_not_sent_again(tmp_path, stand_in):
    async def endless(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        with suppress(ConnectionError):
            await answer.write(BOTTOMLESS)
            while True:
                await answer.write(b"[" * 65_536)
        return answer

    talker = web.Application()
    talker.router.add_post("/v1/projects/{project}/messages:send", endless)
    async with TestServer(talker) as server:
        settings = settings_for(stand_in, tmp_path).model_copy(
            update={"endpoint": str(server.make_url("")).rstrip("/")}
        )
        async with fcm.open(settings) as channel:
            assert (await channel.send(a_parcel(), NOON)).name == ""
