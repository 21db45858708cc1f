"""Sentences and windows: planted borders, and windows whose cores are disjoint and complete on anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.sentences import LONGEST, Window, sentence_at, sentences, windows

TEXTS = st.lists(st.sampled_from(["青屿县", "接诊", "12例", "，", "。", "！", "\n", " ", "”", "一二三四五六七八九十"]), max_size=60).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("县里设点。共6处。", ["县里设点。", "共6处。"]),
        ("主要做法\n一是设点。", ["主要做法", "一是设点。"]),
        ("他说：“好！”随后离开。", ["他说：“好！”", "随后离开。"]),
        ("真的吗？！是。", ["真的吗？！", "是。"]),
        ("  前后有空白。  \n", ["前后有空白。"]),
        ("增长1.5%、2.5%;共3处", ["增长1.5%、2.5%;共3处"]),
        ("\n\n", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[a:b] for a, b in sentences(text)] == expected


@given(TEXTS)
def test_sentences_hold_everything_but_white_space(text: str) -> None:
    found = sentences(text)
    assert all(b <= c for (_, b), (c, _) in zip(found, found[1:]))
    held = {i for a, b in found for i in range(a, b)}
    assert not [text[i] for i in range(len(text)) if i not in held and not text[i].isspace()]
    assert all(text[a:b] == text[a:b].strip() for a, b in found)


def test_the_sentence_of_a_position() -> None:
    text = "甲。\n乙乙。丙"
    ranges = sentences(text)
    assert [text[slice(*sentence_at(ranges, i))] for i in (0, 2, 3, 6)] == ["甲。", "甲。", "乙乙。", "丙"]
    assert sentence_at([], 7) == (7, 7)


def test_short_sentences_share_a_window() -> None:
    text = "甲甲。乙乙。丙丙。"
    assert list(windows(text, limit=6)) == [Window(0, 6, 0, 6), Window(6, 9, 6, 9)]


def test_a_sentence_up_to_the_longest_is_read_whole() -> None:
    text = "长" * LONGEST
    assert list(windows(text)) == [Window(0, LONGEST, 0, LONGEST)]


def test_a_longer_sentence_is_cut_with_overlap() -> None:
    assert list(windows("长" * 25, limit=10, longest=10, overlap=4)) == [
        Window(0, 10, 0, 8),
        Window(6, 16, 8, 14),
        Window(12, 22, 14, 20),
        Window(18, 25, 20, 25),
    ]


@given(TEXTS, st.integers(4, 30), st.integers(0, 40), st.data())
def test_cores_are_disjoint_and_complete(text: str, limit: int, more: int, data: st.DataObject) -> None:
    longest = limit + more
    overlap = data.draw(st.integers(0, longest - 1))
    found = list(windows(text, limit, longest, overlap))
    assert all(w.start <= w.core_start < w.core_end <= w.end and w.end - w.start <= longest for w in found)
    assert all(left.core_end <= right.core_start for left, right in zip(found, found[1:]))
    cores = {i for w in found for i in range(w.core_start, w.core_end)}
    assert {i for a, b in sentences(text) for i in range(a, b)} <= cores


@given(TEXTS)
def test_a_core_keeps_context_on_both_sides_of_a_cut(text: str) -> None:
    ends = {b for _, b in sentences(text)}
    for w in windows(text, limit=12, longest=12, overlap=6):
        assert w.core_end in ends or w.end - w.core_end == 3
