"""Borders mended by punctuation: planted spans, and for any text and spans the result is flat and inside the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.borders import mend


def mended(marked: str, label: str = "PROG") -> list[str]:
    """`甲[乙]丙` with spans in brackets → the texts of the mended spans."""
    text, spans, start = "", [], 0
    for char in marked:
        if char == "[":
            start = len(text)
        elif char == "]":
            spans.append((label, start, len(text), 0.9))
        else:
            text += char
    return [text[a:b] for _, a, b, _ in mend(text, spans)]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("印发《[健康青屿建设三年]方案》", ["健康青屿建设三年方案"]),
        ("印发《健康[青屿]建设[方案]》", ["青屿", "方案"]),  # less than half was seen: left alone
        ("印发《[健康青屿][建设方案]》", ["健康青屿建设方案"]),
        ("印发《[健康一二方案》《健康三四方案]》", ["健康一二方案", "健康三四方案"]),
        ("开展“[清泉护齿”行动]", ["“清泉护齿”行动"]),
        ("开展[“清泉护齿]”行动", ["“清泉护齿”"]),
        ("打造[“清泉护齿”]品牌", ["清泉护齿"]),
        ("打造“清泉[”护齿]", ["护齿"]),
        ("开展[护齿“]清泉", ["护齿"]),
        ("[“一院”“一站”行动]", ["“一院”“一站”行动"]),
    ],
)
def test_planted_borders(marked: str, expected: list[str]) -> None:
    assert mended(marked) == expected


def test_values_keep_their_borders() -> None:
    assert mended("“[”12所]", "COUNT") == ["”12所"]


@given(st.text(alphabet="甲乙“”《》\n", max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 8)), max_size=6))
def test_any_spans_stay_flat_and_inside_the_text(text: str, places: list[tuple[int, int]]) -> None:
    spans, at = [], 0
    for gap, size in places:
        if at + gap % 5 + size <= len(text):
            spans.append(("PROG", at + gap % 5, at + gap % 5 + size, 0.5))
            at += gap % 5 + size
    found = mend(text, spans)
    assert all(0 <= a < b <= len(text) for _, a, b, _ in found)
    assert all(first[2] <= second[1] for first, second in zip(found, found[1:]))
    assert all(any(a < d and c < b for _, c, d, _ in spans) for _, a, b, _ in found), "a span that nobody saw"
