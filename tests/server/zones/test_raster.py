"""A coarse picture never says that nothing is there where something is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from server.zones.raster import MOST_CELLS, NONE, SEVERAL, Raster

longitudes = st.floats(-180, 180)
latitudes = st.floats(-90, 90)


@st.composite
def boxes(draw):
    west, east = sorted((draw(longitudes), draw(longitudes)))
    south, north = sorted((draw(latitudes), draw(latitudes)))
    return west, south, east, north


@given(st.lists(boxes(), min_size=1, max_size=8), st.floats(0, 1), st.floats(0, 1))
def test_a_box_may_be_wherever_it_is_its_very_edge_as_well(some, east, north):
    raster = Raster.of(np.array(some))
    for number, box in enumerate(some):
        lon = np.array([box[0], box[2], min(box[0] + east * (box[2] - box[0]), box[2])])
        lat = np.array([box[1], box[3], min(box[1] + north * (box[3] - box[1]), box[3])])
        assert np.isin(raster.at(lat, lon), [number, SEVERAL]).all()


def test_between_two_shops_and_beyond_them_there_is_nothing():
    raster = Raster.of(np.array([[9.18, 45.46, 9.181, 45.461], [9.20, 45.46, 9.201, 45.461]]))
    lat, lon = (
        np.array([45.4605, 45.4605, 45.4605, 45.4605, -45.0]),
        np.array([9.1805, 9.19, 9.2005, 9.3, -9.19]),
    )
    assert raster.at(lat, lon).tolist() == [0, NONE, 1, NONE, NONE]


def test_where_a_shop_lies_in_a_street_there_may_be_several():
    raster = Raster.of(np.array([[9.18, 45.46, 9.20, 45.47], [9.19, 45.465, 9.191, 45.466]]))
    assert raster.at(np.array([45.4655, 45.461]), np.array([9.1905, 9.181])).tolist() == [SEVERAL, 0]


def test_the_picture_of_a_country_is_no_larger_than_that_of_a_town():
    raster = Raster.of(np.array([[7.0, 37.0, 7.001, 37.001], [18.0, 47.0, 18.001, 47.001]]))
    assert max(raster.box.shape) <= MOST_CELLS + 3


def test_where_there_are_no_fences_there_is_nothing():
    assert Raster.of(np.empty((0, 4))).at(np.array([45.0]), np.array([9.0])).tolist() == [NONE]
