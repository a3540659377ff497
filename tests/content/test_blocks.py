"""What editors may write into a body, and what is refused with a word on how to mend it."""

from copy import deepcopy

import pytest
from wagtail.blocks import StreamBlockValidationError

from tests.bodies import RARE
from tests.pictures import uploaded
from tests.posts import draft
from tocsin.content import tables
from tocsin.content.blocks import BodyBlock

pytestmark = pytest.mark.django_db


def cleaned(*body, deferred=False):
    block = BodyBlock()
    if deferred:
        block.defer_required_validation()
    return block.clean(block.normalize([*body]))


def complaints(*body) -> str:
    with pytest.raises(StreamBlockValidationError) as refused:
        cleaned(*body)
    return " ".join(refused.value.non_block_errors)


def notes(*marks):
    return ("footnotes", [{"mark": mark, "text": "<p>A note.</p>"} for mark in marks])


def test_a_body_with_all_of_them_is_fine():
    assert len(cleaned(*deepcopy(RARE))) == len(RARE)


def test_a_reference_without_its_note_is_refused():
    assert "[^2], but there is no such footnote" in complaints(("text", "<p>A[^1] b[^2]</p>"), notes("1"))
    assert "[^1], but there is no such footnote" in complaints(("text", "<p>A[^1]</p>"))


def test_what_only_looks_like_a_reference_is_left_alone():
    cleaned(("text", "<p>All but <code>[^1]</code> and [^A-z0] and [^abc]</p>"))


def test_a_note_nobody_is_led_to_is_refused():
    assert "No text refers to the footnote 1" in complaints(("text", "<p>A</p>"), notes("1"))


def test_a_mark_is_there_once():
    assert "Two footnotes have the mark 1" in complaints(("text", "<p>A[^1]</p>"), notes("1", "1"))


def test_a_draft_may_be_unfinished():
    cleaned(("text", "<p>A[^1]</p>"), notes("2"), deferred=True)


def test_searching_and_reading_time_see_words_and_no_markup():
    post = draft(body=deepcopy(RARE))
    text = " ".join(post.body.stream_block.get_searchable_content(post.body))
    assert "The quay sank by a hand" in text
    assert "Depths at low water Quay Depth East wall 4 m West 12 m" in text
    assert "It holds." in text
    assert "survey of May" in text
    assert "**" not in text


def test_a_table_ends_where_its_words_end():
    found = tables.table({"data": [["Quay", "", None, ""], ["", "4 m", " ", ""], ["", "", "", ""], [None, "", "", ""]]})
    assert found is not None
    assert [[str(cell.html) for cell in row] for row in found.rows] == [["Quay", ""], ["", "4 m"]]


def test_a_picture_without_words_adds_none_to_the_search():
    post = draft(body=[("picture", {"image": uploaded(), "caption": "The quay", "credit": ""})])
    assert post.body.stream_block.get_searchable_content(post.body) == ["The quay", ""]
