"""Quantities: planted readings, and numbers written in every way that must be read back as the same number."""

import math
import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.schema import VALUE_LABELS, Quantity
from infer.values import NOTHING, chinese_number, parse, plain_number

BEFORE = {
    "约": "approx",
    "近": "approx",
    "接近": "approx",
    "超": "more_than",
    "超过": "more_than",
    "逾": "more_than",
    "高于": "more_than",
    "不少于": "at_least",
}
BEFORE |= {"不低于": "at_least", "至少": "at_least", "不足": "less_than", "低于": "less_than", "少于": "less_than", "不超过": "at_most", "最多": "at_most"}
AFTER = {"以上": "at_least", "及以上": "at_least", "以下": "at_most", "以内": "at_most", "左右": "approx"}
UNITS = st.sampled_from(["人", "人次", "个", "名", "例", "份", "台", "张", "公里", "元", "户", "场次"])
HEAD = "零一二三四五六七八九"


def written_in_chinese(number: int) -> str:
    """120035 → 十二万零三十五, for 1 … 999,999,999,999."""
    if number >= 10**8:
        high, low = divmod(number, 10**8)
        return written_in_chinese(high) + "亿" + (("零" if low < 10**7 else "") + written_in_chinese(low) if low else "")
    if number >= 10**4:
        high, low = divmod(number, 10**4)
        return written_in_chinese(high) + "万" + (("零" if low < 1000 else "") + written_in_chinese(low) if low else "")
    out, gap = "", False
    for scale, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, scale)
        if digit:
            out += ("零" if gap and out else "") + HEAD[digit] + word
        gap = digit == 0
    return re.sub("^一十", "十", out)


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[str, Fraction]:
    """A number as a report writes it, and what it says in base units."""
    style = draw(st.sampled_from(["plain", "grouped", "decimal", "scaled", "chinese"]))
    number = draw(st.integers(1, 10**9 - 1))
    if style == "plain":
        return str(number), Fraction(number)
    if style == "grouped":
        return f"{number:,}", Fraction(number)
    if style == "chinese":
        return written_in_chinese(number), Fraction(number)
    digits = f"{number % 10**4}.{draw(st.integers(0, 999))}"
    scale = draw(st.sampled_from(["万", "亿", "千", "百"])) if style == "scaled" else ""
    return digits + scale, Fraction(digits) * {"": 1, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}[scale]


@given(written_numbers(), UNITS, st.sampled_from(["", *BEFORE]))
def test_a_written_number_is_read_back(written: tuple[str, Fraction], unit: str, before: str) -> None:
    text, number = written
    expected = Quantity.of_bound(BEFORE.get(before, "exact"), float(number), unit)
    assert parse(f"{before}{text}{unit}") == expected


@given(written_numbers(), UNITS, st.sampled_from(list(AFTER)))
def test_a_bound_may_follow(written: tuple[str, Fraction], unit: str, after: str) -> None:
    text, number = written
    assert parse(f"{text}{unit}{after}") == Quantity.of_bound(AFTER[after], float(number), unit)


@given(st.integers(1, 999), st.sampled_from(["余", "多"]), st.sampled_from(["", "万", "亿", "千"]), UNITS)
def test_and_some_more_is_at_least(head: int, more: str, scale: str, unit: str) -> None:
    number = float(head * 10 * {"": 1, "千": 10**3, "万": 10**4, "亿": 10**8}[scale])
    assert parse(f"{head * 10}{more}{scale}{unit}") == Quantity(number, number, None, "at_least", unit)
    if scale:
        assert parse(f"{head * 10}{scale}{more}{unit}") == Quantity(number, number, None, "at_least", unit)


@given(
    st.decimals(0, 1000, places=2),
    st.sampled_from([("%", 100, "%"), ("‰", 1000, "‰"), ("/10万", 10**5, "/10万"), ("/万", 10**4, "/万"), ("个百分点", 100, "个百分点")]),
)
def test_a_share_is_read_in_base_units(share: Decimal, form: tuple[str, int, str]) -> None:
    sign, base, unit = form
    quantity = parse(f"{share}{sign}", "RATE")
    assert quantity == Quantity.of_bound("exact", float(share / base), unit)


@given(
    st.integers(0, 998),
    st.integers(1, 500),
    st.sampled_from(["-", "至", "~", "—", "到"]),
    st.sampled_from([("人", 1, "人"), ("万元", 10**4, "元"), ("%", Fraction(1, 100), "%")]),
)
def test_a_range_is_one_value_without_a_number(low: int, more: int, dash: str, form: tuple[str, int | Fraction, str]) -> None:
    written, factor, unit = form
    expected = Quantity.of_range(float(low * factor), float((low + more) * factor), unit)
    assert parse(f"{low}{dash}{low + more}{written}", "RATE") == expected
    if unit == "%":
        assert parse(f"{low}%{dash}{low + more}%", "RATE") == expected


@given(st.integers(1, 10**12 - 1))
def test_chinese_numerals(number: int) -> None:
    assert chinese_number(written_in_chinese(number)) == number


@given(st.integers(0, 10**15), st.sampled_from([",", " ", ""]))
def test_arabic_numerals(number: int, separator: str) -> None:
    assert plain_number(f"{number:,}".replace(",", separator)) == number


@given(
    st.text("零一二三四五六七八九十百千万亿两半点分之成余多几约近超过不低于以上内%‰/:-~至0123456789.,元人次个第前名每月", max_size=16),
    st.sampled_from(VALUE_LABELS),
)
def test_anything_is_read_or_refused_and_never_guessed(text: str, label: str) -> None:
    found = parse(text, label)
    assert all(x is None or math.isfinite(x) for x in (found.number, found.low, found.high))
    if found.bound == "range":
        assert found.number is None and found.low < found.high
    else:
        assert found == Quantity.of_bound(found.bound, found.number, found.unit)


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        ("87.35%", "RATE", ("exact", 0.8735, "%")),
        ("99%以上", "RATE", ("at_least", 0.99, "%")),
        ("低于3.5‰", "RATE", ("less_than", 0.0035, "‰")),
        ("412.08/10万", "RATE", ("exact", 0.0041208, "/10万")),
        ("412.08/十万", "RATE", ("exact", 0.0041208, "/10万")),
        ("2.6个百分点", "RATE", ("exact", 0.026, "个百分点")),
        ("百分之八十五", "RATE", ("exact", 0.85, "%")),
        ("千分之三", "RATE", ("exact", 0.003, "‰")),
        ("四分之三", "RATE", ("exact", 0.75, None)),
        ("九成", "RATE", ("exact", 0.9, "成")),
        ("七成五", "RATE", ("exact", 0.75, "成")),
        ("九成以上", "RATE", ("at_least", 0.9, "成")),
        ("1:1.6", "RATE", ("exact", 0.625, ":")),
        ("3.2倍", "RATE", ("exact", 3.2, "倍")),
        ("一半", "RATE", ("exact", 0.5, None)),
        ("过半", "RATE", ("more_than", 0.5, None)),
        ("7300余人次", "COUNT", ("at_least", 7300.0, "人次")),
        ("60多万份", "COUNT", ("at_least", 600000.0, "份")),
        ("近4000余人", "COUNT", ("approx", 4000.0, "人")),
        ("超900人左右", "COUNT", ("approx", 900.0, "人")),
        ("二十三家", "COUNT", ("exact", 23.0, "家")),
        ("两万三千人", "COUNT", ("exact", 23000.0, "人")),
        ("两万三", "COUNT", ("exact", 23000.0, None)),
        ("一百零五例", "COUNT", ("exact", 105.0, "例")),
        ("至少8种及以上", "COUNT", ("at_least", 8.0, "种")),
        ("4 5 6人", "COUNT", ("exact", 456.0, "人")),
        ("1 482人", "COUNT", ("exact", 1482.0, "人")),
        ("32.6万管/日", "COUNT", ("exact", 326000.0, "管/日")),
        ("约2.4亿元", "MONEY", ("approx", 240000000.0, "元")),
        ("每人每月730元", "MONEY", ("exact", 730.0, "元/人·月")),
        ("每人每年不低于89元", "MONEY", ("at_least", 89.0, "元/人·年")),
        ("89元/人", "MONEY", ("exact", 89.0, "元/人")),
        ("1200万美元", "MONEY", ("exact", 12000000.0, "美元")),
        ("15分钟内", "MEASURE", ("at_most", 15.0, "分钟")),
        ("3个多月", "MEASURE", ("at_least", 3.0, "个月")),
        ("81.2岁", "MEASURE", ("exact", 81.2, "岁")),
        ("2600平方米", "MEASURE", ("exact", 2600.0, "平方米")),
        ("四个半小时", "MEASURE", ("exact", 4.5, "个小时")),
        ("每千人口3.2名", "RATE", ("exact", 0.0032, "/千")),
        ("第七", "RANK", ("exact", 7.0, None)),
        ("第152位", "RANK", ("exact", 152.0, "位")),
        ("前三名", "RANK", ("at_most", 3.0, "名")),
        ("首位", "RANK", ("exact", 1.0, None)),
        ("百强", "RANK", ("at_most", 100.0, "强")),
        ("前5%", "RANK", ("at_most", 0.05, "%")),
    ],
)
def test_planted_quantities(text: str, label: str, expected: tuple[str, float, str | None]) -> None:
    assert parse(text, label) == Quantity.of_bound(*expected)


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        ("2-4名", "COUNT", (2.0, 4.0, "名")),
        ("3至5万元", "MONEY", (30000.0, 50000.0, "元")),
        ("55%-60%", "RATE", (0.55, 0.6, "%")),
        ("三四天", "MEASURE", (3.0, 4.0, "天")),
        ("数十人", "COUNT", (20.0, 100.0, "人")),
        ("几百名", "COUNT", (200.0, 1000.0, "名")),
        ("几百", "COUNT", (200.0, 1000.0, None)),
        ("十几家", "COUNT", (11.0, 19.0, "家")),
        ("第4-6名", "RANK", (4.0, 6.0, "名")),
    ],
)
def test_planted_ranges(text: str, label: str, expected: tuple[float, float, str | None]) -> None:
    assert parse(text, label) == Quantity.of_range(*expected)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("", "COUNT"),
        ("若干人", "COUNT"),
        ("七斤二两", "MEASURE"),
        ("3个月零5天", "MEASURE"),
        ("1.2.3.4", "RATE"),
        ("优秀", "RANK"),
        ("第9-4名", "RANK"),
        ("1" * 20 + ":1", "RATE"),
        ("三分之" + "9" * 30, "RATE"),
        ("9" * 400 + "个", "COUNT"),
        ("1" + "亿" * 60 + "元", "MONEY"),
    ],
)
def test_what_cannot_be_read_has_no_number(text: str, label: str) -> None:
    assert parse(text, label) == NOTHING


@pytest.mark.parametrize("text", ["", "十.五", "abc", "3", "点五"])
def test_what_is_no_chinese_numeral(text: str) -> None:
    assert chinese_number(text) is None


def test_other_chinese_numerals() -> None:
    assert [chinese_number(t) for t in ("十", "二〇二四", "三点一四", "半", "百", "壹佰贰拾", "一千五", "一亿")] == [
        10,
        2024,
        Decimal("3.14"),
        Decimal("0.5"),
        100,
        120,
        1500,
        10**8,
    ]
