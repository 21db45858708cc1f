"""Inline markup → exact offsets: planted spans, references, quantities, periods, and one fault a rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.markup import first_difference, parse, read_interval, read_quantity, read_report, split_header
from annotations.schema import ENTITY_LABELS, LABELS, AnnotatedReport, Interval, Quantity, SchemaError

PLAIN = st.text("青屿县医院，。1|#=x \n", max_size=6)
INSIDE = st.text("青屿县医院12%", min_size=1, max_size=6)
PIECES = st.lists(st.tuples(PLAIN, INSIDE, st.sampled_from(ENTITY_LABELS)), max_size=8)


def words(raw: str, report: AnnotatedReport, ids: tuple[int, ...]) -> list[str]:
    return [raw[span.start : span.end] for span in report.spans if span.id in ids]


def test_spans_stand_where_they_were_planted(annotated: tuple[str, AnnotatedReport]) -> None:
    raw, report = annotated
    assert "{" not in raw and raw.startswith("青屿县2023年卫生健康工作总结\n今年，县鹭洲医院完成")
    assert [(s.label, s.start, s.end) for s in report.spans[:4]] == [("REGION", 0, 3), ("PERIOD", 3, 8), ("PERIOD", 17, 19), ("INST", 20, 25)]
    assert [raw[s.start : s.end] for s in report.spans[:6]] == ["青屿县", "2023年", "今年", "县鹭洲医院", "白内障手术", "320余例"]
    assert report.meta == {"title": "青屿县2023年卫生健康工作总结", "genre": "summary", "region": "青屿县", "year": 2023}


def test_references_go_to_the_nearest_span_of_that_id(annotated: tuple[str, AnnotatedReport]) -> None:
    raw, report = annotated
    surgery, rate, gain, money, rank = report.values
    assert {key: words(raw, report, ids) for key, ids in surgery.arguments.items()} == {"of": ["白内障手术"], "by": ["县鹭洲医院"], "during": ["今年"]}
    assert {key: words(raw, report, ids) for key, ids in rate.arguments.items()} == {"of": ["孕产妇建册率"], "in": ["全县"]}
    assert (gain.role, gain.direction, words(raw, report, gain.change_of), words(raw, report, gain.versus)) == ("change", "up", ["96.4%"], ["去年"])
    assert {key: words(raw, report, ids) for key, ids in money.arguments.items()} == {"of": ["投入"], "under": ["海岛巡诊"]}
    assert (rank.role, rank.quantity) == ("target", Quantity(3.0, None, 3.0, "at_most", "名"))


def test_numbering_may_start_again_in_every_line() -> None:
    _, spans, values = parse("{体检|IND#1}、{义诊|IND#2}、{筛查|IND#3}{9人|COUNT of=1}\n{巡诊|IND#1}{8人|COUNT of=1}\n{7人|COUNT of=3}")
    assert [value.arguments["of"] for value in values] == [(spans[0].id,), (spans[4].id,), (spans[2].id,)]


def test_several_references() -> None:
    raw, spans, values = parse("{甲镇|REGION#1}、{乙镇|REGION#2}{床位|IND#3}{9张|COUNT in=1,2 of=3}")
    assert raw == "甲镇、乙镇床位9张"
    assert values[0].arguments == {"of": (spans[2].id,), "in": (spans[0].id, spans[1].id)}


@pytest.mark.parametrize(
    ("written", "quantity"),
    [
        ("46名", Quantity(46.0, 46.0, 46.0, "exact", "名")),
        (">=1900人次", Quantity(1900.0, 1900.0, None, "at_least", "人次")),
        ("~170000000元", Quantity(170000000.0, None, None, "approx", "元")),
        (">5%", Quantity(5.0, 5.0, None, "more_than", "%")),
        ("<=0.004‰", Quantity(0.004, None, 0.004, "at_most", "‰")),
        ("<7例", Quantity(7.0, None, 7.0, "less_than", "例")),
        ("0.65..0.7%", Quantity(None, 0.65, 0.7, "range", "%")),
        ("6.4e-5/10万", Quantity(6.4e-5, 6.4e-5, 6.4e-5, "exact", "/10万")),
        ("?份", Quantity(None, None, None, "exact", "份")),
        ("1.25", Quantity(1.25, 1.25, 1.25, "exact", None)),
        ("many", None),
    ],
)
def test_quantities(written: str, quantity: Quantity | None) -> None:
    if quantity is None:
        with pytest.raises(SchemaError, match="not a quantity"):
            read_quantity(written)
    else:
        assert read_quantity(written) == quantity


@pytest.mark.parametrize(
    ("written", "interval"),
    [
        ("2023", Interval("2023-01-01", "2023-12-31")),
        ("2024-02", Interval("2024-02-01", "2024-02-29")),
        ("2023-06-30", Interval("2023-06-30", "2023-06-30")),
        ("2023-01..2023-10", Interval("2023-01-01", "2023-10-31")),
        ("..2023-10-31", Interval(None, "2023-10-31")),
        ("2022..", Interval("2022-01-01", None)),
        ("-", Interval(None, None)),
    ],
)
def test_periods(written: str, interval: Interval) -> None:
    assert read_interval(written) == interval


@pytest.mark.parametrize("written", ["2023-13", "2023-00", "2023-02-30", "2023-13-01", "今年", "23", "2023-13..2024"])
def test_a_day_that_does_not_exist_is_a_fault(written: str) -> None:
    with pytest.raises(SchemaError, match="t="):
        read_interval(written)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("第一行\n{甲|THING}", "line 2: .*no such label THING"),
        ("{甲|INST of=1}", "INST takes no of"),
        ("{甲|INST t=2023}", "INST takes no t"),
        ("{9例|COUNT of=7}", "of=7: no span has the id #7"),
        ("{9例|COUNT v=many}", "v=many: not a quantity"),
        ("{今年|PERIOD t=2023-02-31}", "line 1: .*no such day"),
        ("一\n二{没有结束|INST", "line 2: not a well-formed mark"),
        ("多了}一个", "not a well-formed mark"),
        ("{套{里面|IND}|PROG}", "not a well-formed mark"),
    ],
)
def test_a_fault_is_named_with_its_line(body: str, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        parse(body)


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        ("#title: 甲\n正文", "no line `#---`"),
        ("title: 甲\n#---\n正文", "header line"),
        ("#year: 去年\n#---\n正文", "#year: 去年"),
        ("#---\n{9例|COUNT role=maybe}", "no such role 'maybe'"),
        ("#---\n{ 9例|COUNT}", "white space"),
    ],
)
def test_a_faulty_file_is_refused(marked: str, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        read_report(marked, "x")


def test_the_body_below_the_header_is_left_as_it_is() -> None:
    assert split_header("#title: 甲：乙\n#note:\n#---\n\r\n 正文 \n") == ({"title": "甲：乙", "note": ""}, "\r\n 正文 \n")


def test_a_copy_of_part_of_an_external_text_gets_offsets_into_it() -> None:
    original = "标题\n县医院接诊9例。\n落款\n"
    raw, report = read_report("#source: a.txt\n#---\n县医院{接诊|IND#1}{9例|COUNT of=1}。\n", "x", external=original)
    assert raw == original and report.source == "a.txt"
    assert [original[s.start : s.end] for s in report.spans] == ["接诊", "9例"]
    assert [original[a:b] for a, b in report.parts] == ["县医院接诊9例。"]


def test_a_copy_of_a_whole_external_text_has_no_parts() -> None:
    _, report = read_report("#---\n{接诊|IND#1}{9例|COUNT of=1}。\n", "x", external="接诊9例。\n")
    assert report.parts == ()


def test_a_retyped_text_is_refused_where_it_leaves_the_original() -> None:
    with pytest.raises(SchemaError, match="differs from the original after 4 characters"):
        read_report("#---\n县里接诊八例。", "x", external="全县里接诊9例。")
    assert "after 0 characters" in first_difference("甲", "乙")


@given(PIECES, PLAIN, st.integers(0, 50))
def test_marking_and_parsing_is_identity(pieces: list[tuple[str, str, str]], tail: str, offset: int) -> None:
    body = "".join(f"{plain}{{{inside}|{label}}}" for plain, inside, label in pieces) + tail
    raw, spans, values = parse(body, offset=offset)
    assert raw == "".join(plain + inside for plain, inside, _ in pieces) + tail
    assert [(s.label, raw[s.start - offset : s.end - offset]) for s in spans] == [(label, inside) for _, inside, label in pieces]
    assert values == ()


@given(st.text("{}|#=甲INST \n1", max_size=20))
def test_any_text_is_parsed_or_refused_with_a_schema_error(body: str) -> None:
    try:
        raw, spans, _ = parse(body)
    except SchemaError:
        return
    assert len(raw) <= len(body) and not set("{}") & set(raw)
    assert all(s.label in LABELS and 0 <= s.start < s.end <= len(raw) for s in spans)
