"""Pings in our own format, in columns."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from server.ingest.formats import phone_ping
from tests.server.ingest.shop import a_ping, pings


def read(*some, **more):
    return phone_ping.read(json.dumps(pings(*some, **more)).encode(), 0.0)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1e11), st.floats(-90, 90), st.floats(-180, 180), st.none() | st.floats(0, 1e9)
        ),
        max_size=20,
    )
)
def test_what_is_sound_comes_through_unchanged(rows):
    said = read(*[{"at": at, "lat": lat, "lon": lon, "accuracy": acc} for at, lat, lon, acc in rows])
    assert said.items.index.tolist() == list(range(len(rows)))
    assert said.at.tolist() == [row[0] for row in rows]
    assert said.lat.tolist() == [row[1] for row in rows]
    assert said.lon.tolist() == [row[2] for row in rows]
    assert said.accuracy_m.tolist() == [
        phone_ping.ACCURACY_UNKNOWN_M if row[3] is None else row[3] for row in rows
    ]


def test_what_a_phone_does_not_say_is_unknown():
    said = read(a_ping(accuracy=None), a_ping(speed=1.5, mock=True, device="d_1"), sent_at=7)
    assert said.accuracy_m.tolist() == [50.0, 12.0]
    assert np.isnan(said.speed_mps[0])
    assert said.speed_mps[1] == 1.5
    assert (said.mock.tolist(), said.device, said.items.sent_at) == ([False, True], [None, "d_1"], 7.0)


def test_items_keep_their_numbers_when_others_fall_out():
    said = read(a_ping(lat=91), a_ping(-1), {}, a_ping(-2))
    assert said.items.index.tolist() == [1, 3]
    assert [(fault.index, fault.field) for fault in said.items.faults] == [(0, "lat"), (2, "at")]
