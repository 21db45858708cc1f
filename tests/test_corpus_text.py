"""Raw text → clean text: what is cleaned, and that the map back is exact on anything."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from corpus.fold import fold
from corpus.text import CleanText, clean, simplify

HAN = st.text("青屿县鹭洲卫生医院開展義診門診嶼縣年月日例名萬发热筛查", min_size=1, max_size=12)
NOISE = st.sampled_from(["(mén)", "（zhěn）", "(de)", " (chuàng )", "\u200b", "\ufeff", "\u00ad", "\x07", " ", "\u3000", "\t", "  ", "(abc)", "("])
BREAKS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\n\u3000\u3000", "\n1. ", "。\n"])
FIGURES = st.sampled_from(["1 482", "９５．２％", "3，200", "20 30", "0.5", "７人", "1,234个", "12 345 678", "6‰", "A b"])
MIXED = st.lists(st.one_of(HAN, NOISE, BREAKS, FIGURES, st.text(max_size=4)), max_size=25).map("".join)
LINE = "青屿县卫生健康局组织各乡镇开展了为期三个月的慢性病筛查和健康教育活动并且"  # 36 characters: longer than any heading


def solid(cleaned: CleanText) -> set[int]:
    """The raw positions that some clean character came from."""
    return {i for start, end in zip(cleaned.starts, cleaned.ends) for i in range(start, end)}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("鹭洲医院接诊９５人", "鹭洲医院接诊95人"),
        ("占比４．２％，", "占比4.2%,"),
        ("青嶼縣開展義診", "青屿县开展义诊"),
        ("發熱門(mén)診", "发热门诊"),
        ("創(chuàng )新", "创新"),
        ("门诊（zhěn）量", "门诊量"),
        ("义\u200b诊\ufeff队\u00ad", "义诊队"),
        ("共 3 200 人", "共3200人"),
        ("Hello World 计划", "Hello World计划"),
        ("Hello   World", "Hello World"),
        ("版本 20 30", "版本20 30"),
        ("甲\n\n\n乙", "甲\n乙"),
        ("甲\r\n乙\r丙", "甲\n乙\n丙"),
        ("“健康青屿”", "“健康青屿”"),
    ],
)
def test_what_is_cleaned(raw: str, expected: str) -> None:
    assert clean(raw).text == expected


@pytest.mark.parametrize(
    ("raw", "kept"),
    [("按标准(GB)执行", "按标准(GB)执行"), ("医院(分院)", "医院(分院)"), ("使用率(rate)", "使用率(rate)")],
)
def test_brackets_that_are_no_pinyin_stay(raw: str, kept: str) -> None:
    assert clean(raw).text == kept


def test_noise_inside_a_span_belongs_to_its_raw_interval() -> None:
    raw = "設發熱門(mén)診６個(gè)。"
    cleaned = clean(raw)
    for words, evidence in (("发热门诊", "發熱門(mén)診"), ("6个", "６個(gè)")):
        start = cleaned.text.index(words)
        a, b = cleaned.to_raw(start, start + len(words))
        assert raw[a:b] == evidence
        assert cleaned.from_raw(a, b) == (start, start + len(words))


def test_the_interval_of_a_grouped_number_spans_its_spaces() -> None:
    raw = "共体检 1 482 人次。"
    cleaned = clean(raw)
    start = cleaned.text.index("1482人次")
    assert cleaned.to_raw(start, start + 6) == (4, 12)
    assert raw[4:12] == "1 482 人次"


def test_a_hard_wrap_is_joined_and_a_paragraph_end_stays() -> None:
    assert clean(f"{LINE}\n取得了成效。\n第二段").text == f"{LINE}取得了成效。\n第二段"


@pytest.mark.parametrize("following", ["\u3000\u3000第二段开始", "    第二段开始", "二、健康教育", "(一)健康教育", "1.健康教育", "■健康教育", "甲|乙"])
def test_a_line_that_starts_something_is_not_joined(following: str) -> None:
    assert "\n" in clean(f"{LINE}\n{following}").text


@pytest.mark.parametrize("end", ["。", "：", "！", "。”"])
def test_a_line_that_ends_its_sentence_is_not_joined(end: str) -> None:
    assert clean(f"{LINE}{end}\n又一段").text.count("\n") == 1


def test_a_short_line_is_a_heading() -> None:
    assert clean("主要做法\n加强队伍建设").text == "主要做法\n加强队伍建设"


def test_the_wrap_width_of_a_narrow_text_is_found() -> None:
    text = "青屿县望橘镇卫生院常年坚持为渔民上门义诊送药并建立台账逐户随访" * 4
    lines = [text[i : i + 16] for i in range(0, len(text), 16)]
    assert clean("\n".join(lines)).text == text


def test_a_number_across_a_wrap_stays_whole() -> None:
    raw = f"{LINE}惠及群众12\n万余人次。"
    cleaned = clean(raw)
    start = cleaned.text.index("12万余人次")
    a, b = cleaned.to_raw(start, start + 6)
    assert raw[a:b] == "12\n万余人次"


def test_nothing_gives_nothing() -> None:
    for raw in ("", "\u200b", "   ", "\n\n"):
        assert clean(raw).text == ""


@given(st.text("東西門診發髮乾幹隻颱后後㑇𠀀abc、\n"))
def test_simplifying_keeps_the_length(text: str) -> None:
    assert len(simplify(text)) == len(text)


@given(MIXED)
def test_the_map_is_in_range_and_monotone(raw: str) -> None:
    cleaned = clean(raw)
    assert cleaned.raw == raw
    assert len(cleaned.text) == len(cleaned.starts) == len(cleaned.ends)
    assert all(0 <= start < end <= len(raw) for start, end in zip(cleaned.starts, cleaned.ends))
    assert all(end <= start for end, start in zip(cleaned.ends, cleaned.starts[1:]))


@given(MIXED)
def test_every_clean_character_is_its_raw_one(raw: str) -> None:
    cleaned = clean(raw)
    for char, start in zip(cleaned.text, cleaned.starts):
        plain = fold(raw[start])
        assert char in ("\n" if plain in "\r\n" else plain + simplify(plain))


@given(MIXED)
def test_no_solid_character_is_lost(raw: str) -> None:
    """Chinese characters and digits survive unless they are pinyin noise: what is dropped is space, invisible, or bracketed letters."""
    cleaned = clean(raw)
    lost = [raw[i] for i in range(len(raw)) if i not in solid(cleaned)]
    assert not [char for char in lost if "\u4e00" <= char <= "\u9fff" or char.isdigit()]


@given(MIXED, st.data())
def test_clean_to_raw_and_back_is_identity(raw: str, data: st.DataObject) -> None:
    cleaned = clean(raw)
    if cleaned.text:
        start = data.draw(st.integers(0, len(cleaned.text) - 1))
        end = data.draw(st.integers(start + 1, len(cleaned.text)))
        assert cleaned.from_raw(*cleaned.to_raw(start, end)) == (start, end)


@given(MIXED, st.data())
def test_raw_to_clean_covers_and_is_smallest(raw: str, data: st.DataObject) -> None:
    cleaned = clean(raw)
    assume(raw)
    start = data.draw(st.integers(0, len(raw) - 1))
    end = data.draw(st.integers(start + 1, len(raw)))
    a, b = cleaned.from_raw(start, end)
    inside = solid(cleaned) & set(range(start, end))
    if not inside:
        assert b <= a
        return
    low, high = cleaned.to_raw(a, b)
    assert low <= min(inside) and max(inside) < high
    assert cleaned.ends[a] > start and cleaned.starts[b - 1] < end


@given(MIXED)
def test_a_clean_text_is_folded_and_holds_single_spaces_only(raw: str) -> None:
    once = clean(raw).text
    assert not {"\r", "\t", "\u3000", "\u200b"} & set(once)
    assert "  " not in once and "\n " not in once and " \n" not in once
    assert fold(once) == once


def test_a_long_run_of_spaces_is_one_border() -> None:
    raw = "a" + " " * 50_000 + "青屿"
    cleaned = clean(raw)
    assert cleaned.text == "a青屿"
    assert cleaned.to_raw(1, 3) == (50_001, 50_003)


def test_every_seed_is_cleaned_whole_with_exact_offsets(external: Path) -> None:
    seeds = sorted((external / "seeds").glob("*.txt"))
    assert len(seeds) == 5, f"{external / 'seeds'} holds {len(seeds)} texts, five were expected"
    for file in seeds:
        raw = file.read_bytes().decode("utf-8")
        cleaned = clean(raw)
        assert len(cleaned.text) > 0.7 * len("".join(raw.split())), file.name
        assert all(end <= start for end, start in zip(cleaned.ends, cleaned.starts[1:])), file.name
        kept = solid(cleaned)
        assert not [raw[i] for i in range(len(raw)) if i not in kept and "\u4e00" <= raw[i] <= "\u9fff"], file.name
        plain = simplify(fold(raw))
        assert len(plain) == len(raw), file.name
        wrong = [(char, raw[i]) for char, i in zip(cleaned.text, cleaned.starts) if char != ("\n" if raw[i] in "\r\n" else plain[i])]
        assert len(wrong) <= 2, (file.name, wrong[:10])  # a phrase that OpenCC reads across a line break may differ
