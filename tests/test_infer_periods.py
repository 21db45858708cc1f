"""Time expressions → days: planted readings, context, and well-formed intervals from anything."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.schema import Interval
from infer.periods import OPEN, parse, parse_all

YEAR = 2023
WORDS = [
    "2022年",
    "去年",
    "今年",
    "上半年",
    "截至",
    "以来",
    "同期",
    "十四五",
    "前三季度",
    "月",
    "日",
    "年",
    "底",
    "初",
    "至",
    "-",
    "、",
    "到",
    "第",
    "季度",
    "十一",
    "上旬",
    "期间",
    "近",
    *"0123456789",
]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2021年", "2021-01-01", "2021-12-31"),
        ("二〇二一年", "2021-01-01", "2021-12-31"),
        ("2021年度", "2021-01-01", "2021-12-31"),
        ("今年", "2023-01-01", "2023-12-31"),
        ("全年", "2023-01-01", "2023-12-31"),
        ("去年", "2022-01-01", "2022-12-31"),
        ("明年", "2024-01-01", "2024-12-31"),
        ("上半年", "2023-01-01", "2023-06-30"),
        ("2022年下半年", "2022-07-01", "2022-12-31"),
        ("前三季度", "2023-01-01", "2023-09-30"),
        ("第二季度", "2023-04-01", "2023-06-30"),
        ("一季度", "2023-01-01", "2023-03-31"),
        ("8月", "2023-08-01", "2023-08-31"),
        ("2月", "2023-02-01", "2023-02-28"),
        ("2024年2月", "2024-02-01", "2024-02-29"),
        ("十一月", "2023-11-01", "2023-11-30"),
        ("5月中旬", "2023-05-11", "2023-05-20"),
        ("11月中下旬", "2023-11-11", "2023-11-30"),
        ("6月上中旬", "2023-06-01", "2023-06-20"),
        ("6月17日", "2023-06-17", "2023-06-17"),
        ("2023年6月17日", "2023-06-17", "2023-06-17"),
        ("2023.6.17", "2023-06-17", "2023-06-17"),
        ("1至8月", "2023-01-01", "2023-08-31"),
        ("1-8月份", "2023-01-01", "2023-08-31"),
        ("2022年3月至11月", "2022-03-01", "2022-11-30"),
        ("6月1日至6月9日", "2023-06-01", "2023-06-09"),
        ("6月1日至9日", "2023-06-01", "2023-06-09"),
        ("2021年至2023年", "2021-01-01", "2023-12-31"),
        ("2021-2023年", "2021-01-01", "2023-12-31"),
        ("2022年10月至2023年3月", "2022-10-01", "2023-03-31"),
        ("11月至次年2月", "2023-11-01", "2024-02-29"),
        ("11月至2023年2月", "2022-11-01", "2023-02-28"),
        ("3月至2022年8月", "2022-03-01", "2022-08-31"),
        ("截至9月底", None, "2023-09-30"),
        ("截止2023年9月", None, "2023-09-30"),
        ("年底", None, "2023-12-31"),
        ("今年以来", "2023-01-01", None),
        ("2020年以来", "2020-01-01", None),
        ("“十四五”期间", "2021-01-01", "2025-12-31"),
        ("十三五末", None, "2020-12-31"),
        ("“九五”", "1996-01-01", "2000-12-31"),
        (" 2023 年 6 月 ", "2023-06-01", "2023-06-30"),
        ("2023.1-10", "2023-01-01", "2023-10-31"),
        ("2023年10-12", "2023-10-01", "2023-12-31"),
        ("2023.10", "2023-10-01", "2023-10-31"),
        ("2023-10", "2023-10-01", "2023-10-31"),
        ("2023.01-2023.10", "2023-01-01", "2023-10-31"),
        ("2023.1.5-10", "2023-01-05", "2023-01-10"),
        ("9.1-9.3", "2023-09-01", "2023-09-03"),
        ("98年", "1998-01-01", "1998-12-31"),
        ("98年以来", "1998-01-01", None),
        ("08年", "2008-01-01", "2008-12-31"),
        ("21年3月", "2021-03-01", "2021-03-31"),
        ("年底前", None, "2023-12-31"),
        ("6月底前", None, "2023-06-30"),
        ("6月30日前", None, "2023-06-30"),
        ("2025年底前", None, "2025-12-31"),
        ("2030年前", None, "2029-12-31"),
        ("6月前", None, "2023-05-31"),
        ("去年11月至今年3月", "2022-11-01", "2023-03-31"),
        ("去年10月至次年3月", "2022-10-01", "2023-03-31"),
        ("11月至明年2月", "2023-11-01", "2024-02-29"),
        ("年初至10月底", "2023-01-01", "2023-10-31"),
        ("2021年和2022年", "2021-01-01", "2022-12-31"),
        ("2020、2021年", "2020-01-01", "2021-12-31"),
        ("去年和今年", "2022-01-01", "2023-12-31"),
        ("2022年五、六月", "2022-05-01", "2022-06-30"),
        ("一、二季度", "2023-01-01", "2023-06-30"),
        ("元月", "2023-01-01", "2023-01-31"),
        ("元月至3月", "2023-01-01", "2023-03-31"),
        ("12月31日24时", "2023-12-31", "2023-12-31"),
        ("8月31日零时", "2023-08-31", "2023-08-31"),
        ("4月8日零时起", "2023-04-08", None),
        ("6月30日24时以前", None, "2023-06-30"),
        ("截至12月31日24时", None, "2023-12-31"),
    ],
)
def test_planted_periods(text: str, start: str | None, end: str | None) -> None:
    assert parse(text, YEAR) == Interval(start, end)


@pytest.mark.parametrize("text", ["近三年", "目前", "2月30日", "13月", "同期", "每年", "9月至3月", "8-2月", "", "早期", "年前", "2023.13", "1-10", "一二月份", "2022年底至2023年初"])
def test_words_that_fix_no_days_stay_open(text: str) -> None:
    assert parse(text, YEAR) == OPEN


@pytest.mark.parametrize("text", ["10年", "30年以来", "70年", "10年至20年", "三年前"])
def test_a_stretch_of_years_is_no_year(text: str) -> None:
    assert parse(text, YEAR) == OPEN


@pytest.mark.parametrize("text", ["2019年和2021年", "3、9月", "去年、明年", "2021年和2022年上半年"])
def test_a_list_with_a_gap_is_no_stretch(text: str) -> None:
    assert parse(text, YEAR) == OPEN


@pytest.mark.parametrize("text", ["今年", "去年", "8月", "上半年", "1至8月", "前三季度"])
def test_deictic_words_need_the_year_of_the_report(text: str) -> None:
    assert parse(text, None) == OPEN


def test_a_written_year_needs_no_other() -> None:
    assert parse("2021年1至8月", None) == parse("2021年1至8月", 1999) == Interval("2021-01-01", "2021-08-31")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("去年同期", Interval("2022-01-01", "2022-08-31")),
        ("同期", Interval("2022-01-01", "2022-08-31")),
        ("前年同期", Interval("2021-01-01", "2021-08-31")),
        ("上年", Interval("2022-01-01", "2022-12-31")),
    ],
)
def test_same_period_is_relative_to_what_was_said_before(text: str, expected: Interval) -> None:
    assert parse(text, YEAR, Interval("2023-01-01", "2023-08-31")) == expected


def test_the_last_of_february_a_year_before_is_the_28th() -> None:
    assert parse("同期", None, Interval("2024-02-01", "2024-02-29")) == Interval("2023-02-01", "2023-02-28")


def spans(text: str, *words: str) -> list[tuple[int, int]]:
    found, at = [], 0
    for word in words:
        at = text.index(word, at)
        found.append((at, at + len(word)))
    return found


def test_a_text_is_read_in_order() -> None:
    text = "2020年接诊9例，比上年多2例。上年度考核合格。"
    found = parse_all(spans(text, "2020年", "上年", "上年度"), text, YEAR)
    assert found == [Interval("2020-01-01", "2020-12-31"), Interval("2019-01-01", "2019-12-31"), Interval("2022-01-01", "2022-12-31")]


def test_the_same_period_looks_back_over_a_sentence_end() -> None:
    text = "1至8月接诊9例。较去年同期多2例。"
    assert parse_all(spans(text, "1至8月", "去年同期"), text, YEAR)[1] == Interval("2022-01-01", "2022-08-31")


def test_no_spans_give_no_days() -> None:
    assert parse_all([], "接诊9例。", YEAR) == []


@given(
    st.lists(st.sampled_from(WORDS), max_size=7).map("".join),
    st.none() | st.integers(1980, 2049),
    st.sampled_from([None, Interval("2022-01-01", "2022-12-31"), Interval(None, "2024-02-29")]),
)
def test_anything_gives_days_that_exist_in_order(text: str, year: int | None, context: Interval | None) -> None:
    days = parse(text, year, context)
    for day in (days.start, days.end):
        assert day is None or not 1 <= int(day[:4]) <= 9999 or date.fromisoformat(day)
    assert days.start is None or days.end is None or days.start <= days.end


@given(st.dates(date(1990, 1, 1), date(2049, 12, 31)))
def test_a_written_day_is_read_back(day: date) -> None:
    for text in (f"{day.year}年{day.month}月{day.day}日", f"{day.month}月{day.day}号", f"{day.year}-{day.month}-{day.day}"):
        assert parse(text, day.year) == Interval(day.isoformat(), day.isoformat())


@given(st.dates(date(1990, 1, 1), date(2049, 12, 31)), st.dates(date(1990, 1, 1), date(2049, 12, 31)))
def test_two_days_joined_are_one_interval(a: date, b: date) -> None:
    first, last = sorted((a, b))
    text = f"{first.year}年{first.month}月{first.day}日至{last.year}年{last.month}月{last.day}日"
    assert parse(text, None) == Interval(first.isoformat(), last.isoformat())


def test_decades_and_the_half_year_just_past() -> None:
    assert parse("上世纪六十年代", YEAR) == Interval("1960-01-01", "1969-12-31")
    assert parse("半年来", 2022) == Interval("2022-01-01", "2022-06-30")


def test_in_the_plans_for_the_next_year_the_end_of_the_year_is_the_next_one_s() -> None:
    text = "2023年工作总结及2024年工作计划\n年底前建成三所。\n二、2024年工作计划\n6月底前开工,年底前完工;明年投用,比去年多。"
    places = [(m.start(), m.end()) for m in re.finditer("6月底前|年底前|明年|去年", text)]
    read = parse_all(places, text, 2023, "2023年工作总结及2024年工作计划")
    assert [text[a:b] for a, b in places] == ["年底前", "6月底前", "年底前", "明年", "去年"]
    assert [r.end for r in read] == ["2023-12-31", "2024-06-30", "2024-12-31", "2024-12-31", "2022-12-31"]


def test_a_plan_named_in_passing_turns_nothing() -> None:
    text = "总结\n落实2024年度计划编制,年底前完成。\n计划生育工作\n年底前完成。"
    places = [(m.start(), m.end()) for m in re.finditer("年底前", text)]
    assert {r.end for r in parse_all(places, text, 2023)} == {"2023-12-31"}


@pytest.mark.parametrize("line", ["新的一年即将到来,回顾今年,成绩不小。", "二、2024年计划免疫工作情况", "二、2022年工作计划完成情况"])
def test_a_greeting_or_a_review_turns_nothing(line: str) -> None:
    text = f"青屿县工作总结\n{line}\n年底前完成。"
    at = text.index("年底前")
    assert parse_all([(at, at + 3)], text, 2023)[0].end == "2023-12-31"


def test_a_title_that_looks_ahead_turns_nothing() -> None:
    text = "首页\n展望明年工作思路\n年底前完成。"
    at = text.index("年底前")
    assert parse_all([(at, at + 3)], text, 2023, "展望明年工作思路")[0].end == "2023-12-31"
    assert parse_all([(at, at + 3)], text, 2023, "另一个标题")[0].end == "2024-12-31"
