"""Laws of the doors: whatever is posted, whoever posts it, there is no 5xx, and each item that was counted has its verdict."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.ingest import formats
from server.ingest.unpacking import TooLarge
from server.presence.sighting import Verdict
from tests.makers import NOON_S
from tests.server.ingest.shop import a_ping, a_sighting

WORDS = {verdict.word for verdict in Verdict}
calmly = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["d_1", "2026-06-10T12:00:00Z", "", "\x00", "\ud800", 1e308, -1e308, 10**400, NOON_S])
)


def nearly(item: dict) -> st.SearchStrategy:
    """An item like this one, in which anything may stand for any field."""
    changed = st.dictionaries(st.sampled_from([*item, "device", "speed", "count"]), SCALARS, max_size=3)
    return st.one_of(
        changed.map(lambda changes: {**item, **changes}),
        SCALARS,
        st.just(item),
        st.lists(SCALARS, max_size=2),
    )


def written(value) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


@pytest.fixture
async def everybody(shop):
    """Whoever may knock: phones that agreed and did not, a gateway, a server."""
    people = [
        await shop.phone(),
        await shop.phone(agreed=False),
        await shop.gateway(),
        await shop.key("server"),
    ]
    await shop.learn()
    return people


@calmly
@given(st.data())
@pytest.mark.parametrize(
    ("path", "name", "item"),
    [("/v1/pings", "pings", a_ping()), ("/v1/sightings", "sightings", a_sighting())],
)
async def test_each_item_of_any_list_gets_a_verdict(shop, everybody, path, name, item, data):
    some = data.draw(st.lists(nearly(item), max_size=20))
    sent_at = data.draw(st.none() | st.floats(0, 1e11) | st.just(NOON_S))
    who = data.draw(st.sampled_from(everybody))
    body = written({name: some, "sent_at": sent_at})
    answer = await shop.post(path, body, who)
    if answer.status_code == 200:
        verdicts = answer.json()["verdicts"]
        assert len(verdicts) == len(some)
        assert set(verdicts) <= WORDS
        assert answer.json()["accepted"] == verdicts.count("accepted")
        problems = answer.json()["problems"]
        assert {p["index"] for p in problems} >= {
            i for i, word in enumerate(verdicts) if word in {"malformed", "no_consent", "unknown_device"}
        }
        assert all(p["reason"] and p["verdict"] == verdicts[p["index"]] for p in problems)
    elif answer.status_code == 400:  # what json writes and RFC 8259 does not know, or halves of characters
        assert any(word in body for word in (b"NaN", b"Infinity", b"\\ud")), body
    else:
        assert answer.status_code in {403, 413}


@calmly
@given(st.data())
async def test_no_bytes_at_all_bring_a_door_down(shop, everybody, data):
    path = data.draw(st.sampled_from([form.PATH for form in formats.found().values()]))
    who = data.draw(st.sampled_from(everybody))
    body = data.draw(st.binary(max_size=400))
    headers = data.draw(
        st.dictionaries(
            st.sampled_from(["Content-Encoding", "Soglia-Signature", "Content-Type", "X-Limit-U"]),
            st.sampled_from(["gzip", "zstd", "identity", "", "t=1,v1=", "\xff", "application/json"])
            | st.text(st.characters(codec="latin-1", categories=["L", "N", "P", "S"]), max_size=30),
        )
    )
    given_headers = who.headers | {name: text.encode("latin-1") for name, text in headers.items()}
    answer = await shop.client.post(path, content=body, headers=given_headers)
    assert answer.status_code < 500
    assert answer.headers["content-type"] in {"application/json", "application/problem+json"}
    assert json.loads(answer.content) is not None


@calmly
@given(st.binary(max_size=120))
async def test_no_credentials_at_all_bring_a_door_down(shop, credentials):
    line = credentials.replace(b"\r", b"").replace(b"\n", b"")
    for given_line in (line, b"Bearer " + line, b"Basic " + line):
        answer = await shop.client.post(
            "/v1/pings", content=b"", headers={"Authorization": given_line.strip()}
        )
        assert answer.status_code == 401


async def test_a_list_without_end_is_refused_before_its_items_are_read_one_by_one():
    with pytest.raises(TooLarge, match="100000 at the very most"):
        formats.found()["phone_ping"].read(b'{"pings":[' + b"[]," * 100_000 + b"[]]}", NOON_S)
