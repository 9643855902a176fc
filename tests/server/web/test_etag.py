"""Entity tags: the same for the same content, and a word against overwriting what was not seen."""

import pytest
from starlette.requests import Request

from server.web.etag import etag_of, has_it_already, refuse_lost_update
from server.web.problem import Problem


def asking(name, value):
    return Request({"type": "http", "headers": [(name.encode(), value.encode())]})


def test_the_same_content_has_the_same_tag_whatever_its_order():
    assert etag_of({"a": 1, "b": [1, 2]}) == etag_of({"b": [1, 2], "a": 1})
    assert etag_of({"a": 1}) != etag_of({"a": 2})


@pytest.mark.parametrize("condition", ['"x"', 'W/"x"', '"y", "x"', "*"])
def test_who_has_it_already_is_told_so(condition):
    assert has_it_already(asking("if-none-match", condition), '"x"')
    assert refuse_lost_update(asking("if-match", condition), '"x"') is None


def test_who_saw_another_version_is_refused():
    assert not has_it_already(asking("if-none-match", '"y"'), '"x"')
    with pytest.raises(Problem) as refused:
        refuse_lost_update(asking("if-match", '"y"'), '"x"')
    assert refused.value.status_code == 412


def test_who_names_no_version_gets_it_all():
    assert not has_it_already(asking("accept", "*"), '"x"')
    assert refuse_lost_update(asking("accept", "*"), '"x"') is None
