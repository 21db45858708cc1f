"""Spans ↔ BIO tags: planted spans, faults, and the round trip on anything flat."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.schema import LABELS
from annotations.tags import TAG_IDS, TAGS, is_legal, spans_to_tags, tags_to_spans

LAID = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from(LABELS)), max_size=10)


def lay(pieces: list[tuple[int, int, str]]) -> tuple[list[tuple[str, int, int]], int]:
    """(gap, length, label) … → flat spans and the length of the text."""
    spans, at = [], 0
    for gap, length, label in pieces:
        spans.append((label, at + gap, at + gap + length))
        at += gap + length
    return spans, at


def test_tags_of_planted_spans() -> None:
    text = "县医院接诊9例。"
    spans = [("INST", 0, 3), ("IND", 3, 5), ("COUNT", 5, 7)]
    assert [text[a:b] for _, a, b in spans] == ["县医院", "接诊", "9例"]
    assert spans_to_tags(spans, len(text)) == ["B-INST", "I-INST", "I-INST", "B-IND", "I-IND", "B-COUNT", "I-COUNT", "O"]


def test_an_orphan_inside_tag_opens_a_span() -> None:
    assert tags_to_spans(["I-IND", "I-IND", "O", "B-IND", "I-COUNT"]) == [("IND", 0, 2), ("IND", 3, 4), ("COUNT", 4, 5)]


@pytest.mark.parametrize(
    ("spans", "message"),
    [([("IND", 0, 2), ("IND", 1, 3)], "overlaps"), ([("IND", 2, 2)], "outside"), ([("IND", 2, 9)], "outside"), ([("IND", -1, 2)], "outside")],
)
def test_spans_that_cannot_be_tagged(spans: list[tuple[str, int, int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spans_to_tags(spans, 4)


def test_the_tag_set() -> None:
    assert TAGS[0] == "O" and len(TAGS) == 2 * len(LABELS) + 1 == len(TAG_IDS)
    assert [TAGS[i] for i in TAG_IDS.values()] == list(TAG_IDS)


def test_legal_steps() -> None:
    assert is_legal("B-IND", "I-IND") and is_legal("I-IND", "I-IND") and is_legal("I-IND", "B-IND") and is_legal(None, "O")
    assert not any((is_legal(None, "I-IND"), is_legal("O", "I-IND"), is_legal("B-COUNT", "I-IND"), is_legal("I-COUNT", "I-IND")))


@given(LAID, st.integers(0, 3))
def test_spans_to_tags_and_back_is_identity(pieces: list[tuple[int, int, str]], tail: int) -> None:
    spans, length = lay(pieces)
    tags = spans_to_tags(spans, length + tail)
    assert tags_to_spans(tags) == spans
    assert all(is_legal(a, b) for a, b in zip([None, *tags], tags))


@given(st.lists(st.sampled_from(TAGS), max_size=12))
def test_any_tags_give_flat_spans_that_hold_every_tag(tags: list[str]) -> None:
    spans = tags_to_spans(tags)
    assert all(a[2] <= b[1] for a, b in zip(spans, spans[1:]))
    assert {i for _, a, b in spans for i in range(a, b)} == {i for i, tag in enumerate(tags) if tag != "O"}
    assert all(tags[i][2:] == label for label, a, b in spans for i in range(a, b))
