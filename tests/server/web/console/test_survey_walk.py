"""What was heard while somebody stood still belongs to that place, and nothing that was heard on the way."""

from server.web.console.survey_walk import Stop, Walked, gain, poorest


def a_walk():
    walked = Walked([Stop(1.0, 2.0, 100.0, 120.0), Stop(5.0, 2.0, 130.0, 150.0)])
    walked.packets = [
        *((100.0 + second, "an_door", -60.0) for second in range(50)),
        *((100.0 + second, "an_back", -70.0) for second in range(25)),
    ]
    return walked


def test_packets_belong_to_the_place_where_somebody_stood():
    labelled = a_walk().labelled()
    assert {(x, y) for _, _, _, x, y in labelled} == {(1.0, 2.0), (5.0, 2.0)}
    assert all(101 <= at <= 120 or 131 <= at <= 150 for at, *_ in labelled)
    assert len([each for each in labelled if each[3] == 1.0]) == 40


def test_a_place_that_one_gateway_alone_hears_is_poor():
    walked = a_walk()
    assert [walked.is_good(stop) for stop in walked.stops] == [True, False]


def test_who_hears_just_now_is_told():
    assert a_walk().lately(149.0) == ["an_door"]
    assert a_walk().lately(120.0) == ["an_back", "an_door"]


def test_the_gain_is_told_where_it_was_tried():
    assert gain({"all": {"moments": 50, "right_with": 44, "right_without": 31}}) == (0.62, 0.88)
    assert gain(None) is None
    assert gain({"all": {"moments": 0, "right_with": 0, "right_without": 0}}) is None


def test_zones_that_were_hardly_walked_through_are_named():
    assert poorest({"hats": 0.2, "shoes": 0.9, "bags": 0.0}) == ["bags", "hats"]
