import itertools

import numpy as np
import pytest

from simulator.traces import flat
from simulator.traces.trace import NoTrace


def test_every_session_has_a_room_for_each_truth(data_dir):
    for session in flat.sessions(data_dir / "flat"):
        assert len(session.rooms) == len(session.truth.at_s) > 100
        assert set(session.anchors) == {hearing.anchor for hearing in session.hearings}


def test_what_was_not_heard_is_no_sighting(data_dir):
    for session in flat.sessions(data_dir / "flat"):
        assert not any(np.isnan(hearing.rssi_dbm).any() for hearing in session.hearings)


def test_the_walls_form_one_line(data_dir):
    walls = flat.walls(data_dir / "flat")
    assert all(one.end == other.start for one, other in itertools.pairwise(walls))


def test_an_unpacked_file_under_a_packed_name_is_refused(tmp_path):
    (tmp_path / "anchors.csv").write_text("id,x,y,z\n1,0,0,2\n")
    (tmp_path / "flat_3hz.csv.gz").write_text("session,t\n")
    with pytest.raises(NoTrace, match="cannot be read"):
        flat.sessions(tmp_path)
