"""The schema: quantities, look-ups, and one planted fault for every rule that `problems` checks."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from annotations.schema import ARGUMENT_FIELDS, ARGUMENTS, LABELS, VALUE_LABELS, AnnotatedReport, Interval, Quantity, Span, Value, problems, sha256_of

RAW = "县鹭洲医院今年接诊62例，提高3例。"
SOUND = AnnotatedReport(
    "r", "r.txt", sha256_of(RAW), len(RAW),
    (
        Span(1, "INST", 0, 5), Span(2, "PERIOD", 5, 7, Interval("2023-01-01", "2023-12-31")), Span(3, "IND", 7, 9),
        Span(4, "COUNT", 9, 12), Span(5, "COUNT", 15, 17),
    ),
    (Value(4, "actual", {"of": (3,), "by": (1,), "during": (2,)}), Value(5, "change", {"of": (3,)}, (4,), "up", (2,))),
)  # fmt: skip


def with_span(report: AnnotatedReport, id_: int, **change: object) -> AnnotatedReport:
    return replace(report, spans=tuple(replace(span, **change) if span.id == id_ else span for span in report.spans))


def with_value(report: AnnotatedReport, at: int, **change: object) -> AnnotatedReport:
    return replace(report, values=tuple(replace(value, **change) if value.span == at else value for value in report.values))


def test_a_sound_report_has_no_problems() -> None:
    assert problems(SOUND, RAW) == []
    assert [RAW[s.start : s.end] for s in SOUND.spans] == ["县鹭洲医院", "今年", "接诊", "62例", "3例"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda r: with_span(r, 3, label="THING"), "no such label"),
        (lambda r: with_span(r, 3, id=4), "used twice"),
        (lambda r: with_span(r, 5, end=99), "outside the text"),
        (lambda r: with_span(r, 5, start=-1), "outside the text"),
        (lambda r: with_span(r, 3, end=7), "outside the text"),
        (lambda r: with_span(r, 2, end=8), "overlap at 7"),
        (lambda r: with_span(r, 3, interval=Interval(None, None)), "only a PERIOD"),
        (lambda r: replace(r, sha256=sha256_of(RAW + "。")), "not the one that was annotated"),
        (lambda r: replace(r, values=r.values[:1]), "a value span without a value"),
        (lambda r: replace(r, values=(*r.values, r.values[0])), "said twice"),
        (lambda r: with_value(r, 4, span=3), "is not a value span"),
        (lambda r: with_value(r, 4, role="maybe"), "no such role 'maybe'"),
        (lambda r: with_value(r, 5, direction="sideways"), "no such direction"),
        (lambda r: with_value(r, 4, arguments={"of": (1,)}), "of cannot point at span 1 (INST)"),
        (lambda r: with_value(r, 4, arguments={"of": (77,)}), "of points at span 77"),
        (lambda r: with_value(r, 4, arguments={"whose": (1,)}), "no such argument 'whose'"),
        (lambda r: with_value(r, 5, change_of=(3,)), "change_of cannot point at span 3"),
        (lambda r: with_value(r, 5, change_of=(5,)), "change_of cannot point at span 5"),
        (lambda r: with_value(r, 5, versus=(1,)), "vs cannot point at span 1"),
        (lambda r: with_value(r, 4, quantity=Quantity(1.0, 1.0, 1.0, "roughly", None)), "no such bound 'roughly'"),
    ],
)
def test_every_fault_is_named(spoil: Callable[[AnnotatedReport], AnnotatedReport], message: str) -> None:
    found = problems(spoil(SOUND), RAW)
    assert any(message in line for line in found), found


def test_a_span_may_not_begin_or_end_with_white_space() -> None:
    raw = RAW.replace("接诊", " 接")
    report = replace(SOUND, sha256=sha256_of(raw))
    assert problems(report, raw) == ["span 3 IND [7, 9): begins or ends with white space: ' 接'"]


@pytest.mark.parametrize(
    ("bound", "low", "high"),
    [("exact", 5.0, 5.0), ("approx", None, None), ("at_least", 5.0, None), ("more_than", 5.0, None), ("at_most", None, 5.0), ("less_than", None, 5.0)],
)
def test_a_bound_opens_one_end(bound: str, low: float | None, high: float | None) -> None:
    assert Quantity.of_bound(bound, 5.0, "例") == Quantity(5.0, low, high, bound, "例")


def test_a_range_has_no_number() -> None:
    assert Quantity.of_range(1.0, 2.0, "名") == Quantity(None, 1.0, 2.0, "range", "名")


def test_look_ups() -> None:
    assert SOUND.span(4).label == "COUNT"
    assert set(SOUND.by_id()) == {1, 2, 3, 4, 5}
    assert SOUND.values[1].targets() == [3, 4, 2]
    assert SOUND.with_meta(year=2023).meta == {"year": 2023}
    with pytest.raises(KeyError):
        SOUND.span(9)


def test_the_names_fit_together() -> None:
    assert len(set(LABELS)) == len(LABELS) == 10
    assert set(ARGUMENTS.values()) | set(VALUE_LABELS) == set(LABELS)
    assert ARGUMENT_FIELDS.keys() == ARGUMENTS.keys()


def test_sha256_is_of_utf_8() -> None:
    assert sha256_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of("\ud800") != sha256_of("")
