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
        ("9分42秒", "MEASURE", ("exact", 582, "秒")),
        ("1小时20分钟以内", "MEASURE", ("at_most", 80, "分钟")),
        ("两个小时零五分", "MEASURE", ("exact", 125, "分")),
        ("一比一", "RATE", ("exact", 1, ":")),
        ("一比一点六", "RATE", ("exact", 0.625, ":")),
        ("不及一半", "RATE", ("less_than", 0.5, None)),
        ("每千人口3.2名", "RATE", ("exact", 0.0032, "/千")),
        ("第七", "RANK", ("exact", 7.0, None)),
        ("第152位", "RANK", ("exact", 152.0, "位")),
        ("前三名", "RANK", ("at_most", 3.0, "名")),
        ("首位", "RANK", ("exact", 1.0, None)),
        ("百强", "RANK", ("at_most", 100.0, "强")),
        ("前5%", "RANK", ("at_most", 0.05, "%")),
        ("95%(含)", "RATE", ("exact", 0.95, "%")),
        ("95%(含)以上", "RATE", ("at_least", 0.95, "%")),
        ("100%全覆盖", "RATE", ("exact", 1.0, "%")),
        ("30%多", "RATE", ("at_least", 0.3, "%")),
        ("0.5百分点", "RATE", ("exact", 0.005, "个百分点")),
        ("10000+人次", "COUNT", ("at_least", 10000.0, "人次")),
        ("300+名", "COUNT", ("at_least", 300.0, "名")),
        ("10千克", "MEASURE", ("exact", 10.0, "千克")),
        ("15千瓦", "MEASURE", ("exact", 15.0, "千瓦")),
        ("5万千瓦", "MEASURE", ("exact", 50000.0, "千瓦")),
        ("20千米", "MEASURE", ("exact", 20.0, "千米")),
        ("十千米", "MEASURE", ("exact", 10.0, "千米")),
        ("三千米", "MEASURE", ("exact", 3000.0, "米")),
        ("10.5例/10万", "RATE", ("exact", 0.000105, "/10万")),
        ("3.2人/千人", "RATE", ("exact", 0.0032, "/千")),
        ("3.14张/千人", "RATE", ("exact", 0.00314, "/千")),
        ("3.2人/万人", "RATE", ("exact", 0.00032, "/万")),
        ("40DDDs/百人天", "RATE", ("exact", 40.0, "DDDs/百人天")),
        ("每千人口约3张", "RATE", ("approx", 0.003, "/千")),
        ("每十万人口25.6", "RATE", ("exact", 0.000256, "/10万")),
        ("每百公里8升", "MEASURE", ("exact", 8.0, "升/百公里")),
        ("≥95%", "RATE", ("at_least", 0.95, "%")),
        ("≤5例", "COUNT", ("at_most", 5.0, "例")),
        (">100人", "COUNT", ("more_than", 100.0, "人")),
        ("<3‰", "RATE", ("less_than", 0.003, "‰")),
        ("上万人次", "COUNT", ("at_least", 10000.0, "人次")),
        ("上千名", "COUNT", ("at_least", 1000.0, "名")),
        ("上亿元", "MONEY", ("at_least", 100000000.0, "元")),
        ("过万人次", "COUNT", ("more_than", 10000.0, "人次")),
        ("3万5千人", "COUNT", ("exact", 35000.0, "人")),
        ("3万5000人", "COUNT", ("exact", 35000.0, "人")),
        ("1亿2千万元", "MONEY", ("exact", 120000000.0, "元")),
        ("1万5千元", "MONEY", ("exact", 15000.0, "元")),
        ("两年半", "MEASURE", ("exact", 2.5, "年")),
        ("并列第一", "RANK", ("exact", 1.0, None)),
        ("位列前五", "RANK", ("at_most", 5.0, None)),
        ("人民币300万元", "MONEY", ("exact", 3000000.0, "元")),
        ("¥500", "MONEY", ("exact", 500.0, "元")),
        ("¥500以上", "MONEY", ("at_least", 500.0, "元")),
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
        ("80%-90", "RATE", (0.8, 0.9, "%")),
        ("一两次", "COUNT", (1.0, 2.0, "次")),
        ("两三百人", "COUNT", (200.0, 300.0, "人")),
        ("三五家", "COUNT", (3.0, 5.0, "家")),
        ("三五万元", "MONEY", (30000.0, 50000.0, "元")),
        ("十七八人", "COUNT", (17.0, 18.0, "人")),
        ("八九成", "RATE", (0.8, 0.9, "成")),
        ("三至五成", "RATE", (0.3, 0.5, "成")),
        ("7至8成", "RATE", (0.7, 0.8, "成")),
        ("六成至七成", "RATE", (0.6, 0.7, "成")),
        ("百分之八九十", "RATE", (0.8, 0.9, "%")),
        ("百分之八十至百分之九十", "RATE", (0.8, 0.9, "%")),
        ("十几万元", "MONEY", (110000.0, 190000.0, "元")),
        ("二十几人", "COUNT", (21.0, 29.0, "人")),
        ("一百几十人", "COUNT", (110.0, 190.0, "人")),
        ("每千人6-7张", "RATE", (0.006, 0.007, "/千")),
        ("3~5‰", "RATE", (0.003, 0.005, "‰")),
        ("5、6个", "COUNT", (5.0, 6.0, "个")),
        ("第二、三名", "RANK", (2.0, 3.0, "名")),
        ("三至五万元", "MONEY", (30000.0, 50000.0, "元")),
        ("3-5千万元", "MONEY", (30000000.0, 50000000.0, "元")),
        ("三至五百人", "COUNT", (300.0, 500.0, "人")),
        ("三十至五十万人", "COUNT", (300000.0, 500000.0, "人")),
        ("五至三十天", "MEASURE", (5.0, 30.0, "天")),
        ("8000-1.2万元", "MONEY", (8000.0, 12000.0, "元")),
        ("80元-100元/人", "MONEY", (80.0, 100.0, "元/人")),
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
        ("12,3%", "RATE"),
        ("3,5家", "COUNT"),
        ("1,5万", "COUNT"),
        ("1,48,200人", "COUNT"),
        ("5元5角", "MONEY"),
        ("翻一番", "RATE"),
        ("五三人", "COUNT"),
        ("5几人", "COUNT"),
        ("3万5人", "COUNT"),
        ("3千5百万元", "MONEY"),
        ("三百千人", "COUNT"),
        ("三至五十人", "COUNT"),
        ("5-3万元", "MONEY"),
        ("3-5名以上", "COUNT"),
        ("3人-5家", "COUNT"),
        ("5、9个", "COUNT"),
        ("1_M_M_", "RATE"),
        ("95%的", "RATE"),
        ("每千人口5元", "MONEY"),
        ("第3、7名", "RANK"),
        ("1" * 20 + ":1", "RATE"),
        ("三分之" + "9" * 30, "RATE"),
        ("9" * 400 + "个", "COUNT"),
        ("1" + "亿" * 60 + "元", "MONEY"),
    ],
)
def test_what_cannot_be_read_has_no_number(text: str, label: str) -> None:
    assert parse(text, label) == NOTHING


@pytest.mark.parametrize("text", ["", "十.五", "abc", "3", "点五", "三点", "三五", "两三", "三五万", "一百千", "百八十", "一万万", "亿" * 9])
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
