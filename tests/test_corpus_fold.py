"""Folding keeps every position; the character vocabulary gives one id a character."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.characters import SPECIALS, Characters
from corpus.fold import FOLD, fold, is_han

NAMES = [*SPECIALS, "县", "医", "1", "a", "##医", "医院"]


@pytest.mark.parametrize(
    ("noisy", "plain"),
    [
        ("９５．２％", "95.2%"),
        ("３－５人", "3-5人"),
        ("３～５人", "3~5人"),
        ("3—5", "3—5"),
        ("（一）", "(一)"),
        ("﹝2023﹞", "(2023)"),
        ("家庭‧医生", "家庭·医生"),
        ("10∕万", "10/万"),
        ("縣\u3000城", "縣 城"),
        ("\uf9e4⼈", "理人"),  # compatibility forms, as PDF readers give them
    ],
)
def test_fold(noisy: str, plain: str) -> None:
    assert fold(noisy) == plain


def test_one_character_never_becomes_several() -> None:
    assert {code: plain for code, plain in FOLD.items() if len(plain) != 1} == {}
    assert fold("㎡①…½") == "㎡①…½"


@given(st.text())
def test_fold_keeps_the_length(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text(st.characters(min_codepoint=0x2000, max_codepoint=0x33FF) | st.characters(min_codepoint=0xF900, max_codepoint=0xFFEF)))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text("青屿县医院0123456789abc,.%。"))
def test_clean_text_is_left_alone(text: str) -> None:
    assert fold(text) == text


def test_is_han() -> None:
    assert [is_han(char) for char in "屿嶼〇𠀀㐀"] == [True] * 5
    assert [is_han(char) for char in "1aＡ。、あ한①"] == [False] * 8


def test_one_character_is_one_id() -> None:
    chars = Characters(NAMES)
    assert chars.encode("县医院1") == [NAMES.index("县"), NAMES.index("医"), chars.unknown, NAMES.index("1")]


def test_a_capital_falls_back_to_its_small_letter() -> None:
    chars = Characters(NAMES)
    assert chars.encode("A") == chars.encode("a") == [NAMES.index("a")]
    assert Characters([*NAMES, "A"]).encode("A") == [len(NAMES)]


@given(st.text())
def test_encoding_keeps_the_length(text: str) -> None:
    chars = Characters(NAMES)
    ids = chars.encode(text)
    assert len(ids) == len(text)
    assert all(0 <= i < len(chars) for i in ids)


def test_unknown_rate_leaves_white_space_out() -> None:
    chars = Characters(NAMES)
    assert chars.unknown_rate("县 医\n院？") == 0.5
    assert chars.unknown_rate("") == 0.0


def test_the_first_of_two_equal_tokens_counts() -> None:
    assert Characters([*NAMES, "县"]).encode("县") == [NAMES.index("县")]


def test_a_vocabulary_without_specials_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[MASK\]"):
        Characters(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "县"])


def test_saving_and_loading_is_identity(tmp_path: Path) -> None:
    file = tmp_path / "vocab.txt"
    Characters([*NAMES, "\x85", "\u2028"]).save(file)
    assert Characters.load(file).names == [*NAMES, "\x85", "\u2028"]
