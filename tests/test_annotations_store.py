"""Stand-off JSON on disk: round trips, and texts that are missing or altered."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations import store
from annotations.imports import deal, import_authored
from annotations.schema import (
    ARGUMENTS,
    BOUNDS,
    DIRECTIONS,
    LABELS,
    ROLES,
    SCHEMA_VERSION,
    AnnotatedReport,
    Interval,
    Quantity,
    SchemaError,
    Span,
    Value,
    problems,
)
from corpus.text import clean

IDS = st.lists(st.integers(1, 40), max_size=3).map(tuple)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
DAYS = st.none() | st.sampled_from(["2023-01-01", "2023-12-31"])
SPANS = st.builds(Span, st.integers(1, 40), st.sampled_from(LABELS), st.integers(0, 99), st.integers(0, 99), st.none() | st.builds(Interval, DAYS, DAYS))
QUANTITIES = st.builds(Quantity, NUMBERS, NUMBERS, NUMBERS, st.sampled_from(BOUNDS), st.none() | st.text(max_size=3))
ARGUED = st.dictionaries(st.sampled_from(list(ARGUMENTS)), IDS.filter(bool))
VALUES = st.builds(Value, st.integers(1, 40), st.sampled_from(ROLES), ARGUED, IDS, st.none() | st.sampled_from(DIRECTIONS), IDS, st.none() | QUANTITIES)
META = st.dictionaries(st.text(max_size=4), st.none() | st.integers() | st.text(max_size=5))
PARTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=2).map(tuple)
REPORTS = st.builds(
    AnnotatedReport, st.text(max_size=4), st.text(max_size=4), st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(0, 99),
    st.lists(SPANS, max_size=4).map(tuple), st.lists(VALUES, max_size=3).map(tuple), META, PARTS,
)  # fmt: skip


@given(REPORTS)
def test_to_json_and_back_is_identity(report: AnnotatedReport) -> None:
    assert store.from_json(json.loads(json.dumps(store.to_json(report), ensure_ascii=False))) == report


@given(reports=st.lists(REPORTS, max_size=3))
def test_writing_and_reading_is_identity(tmp_path_factory: pytest.TempPathFactory, reports: list[AnnotatedReport]) -> None:
    path = tmp_path_factory.mktemp("store") / "some.jsonl"
    store.write(path, reports)
    assert store.read(path) == sorted(reports, key=lambda report: report.id)


def test_a_row_holds_no_text(annotated: tuple[str, AnnotatedReport]) -> None:
    _, report = annotated
    row = store.to_json(replace(report, meta={}))
    assert row["schema"] == SCHEMA_VERSION and row["length"] == report.length
    assert row["spans"][0] == {"id": 1, "label": "REGION", "start": 0, "end": 3}
    assert "白内障" not in json.dumps(row, ensure_ascii=False)


def test_a_gold_file_may_give_one_bare_id() -> None:
    row = {"sha256": "", "length": 9, "spans": [], "values": [{"span": 4, "role": "change", "of": 3, "change_of": 2, "dir": "up", "vs": [1]}]}
    assert store.from_json(row).values == (Value(4, "change", {"of": (3,)}, (2,), "up", (1,)),)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "Expecting"),
        ("[]", "not an annotated report"),
        ("null", "not an annotated report"),
        ('{"id": "x"}', "x: not an annotated report .KeyError"),
        ('{"id": "x", "schema": 99, "sha256": "", "length": 0, "spans": [], "values": []}', "schema version 99"),
        ('{"sha256": "", "length": 0, "spans": [], "values": [{"span": 1, "role": "actual", "of": "x"}]}', "not an annotated report"),
        ('{"sha256": "", "length": 0, "spans": [], "values": [], "parts": [[1]]}', "not an annotated report"),
    ],
)
def test_a_faulty_row_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(SchemaError, match=message) as error:
        store.read(path)
    assert f"{path}:2: " in str(error.value)


def texts(raw: str | None) -> Callable[[str], str | None]:
    return lambda source: raw


def test_loading_checks_every_row_against_its_text(tmp_path: Path, annotated: tuple[str, AnnotatedReport]) -> None:
    raw, report = annotated
    path = tmp_path / "one.jsonl"
    store.write(path, [report])
    assert list(store.load(path, texts(raw))) == [(raw, report)]
    assert store.missing(path, texts(raw)) == []
    with pytest.raises(SchemaError, match="qingyu-2023: the text is not the one that was annotated"):
        list(store.load(path, texts(raw.replace("320", "321"))))


def test_a_text_that_is_not_at_hand_is_told_not_guessed(tmp_path: Path, annotated: tuple[str, AnnotatedReport]) -> None:
    path = tmp_path / "one.jsonl"
    store.write(path, [annotated[1]])
    assert list(store.load(path, texts(None))) == []
    assert store.missing(path, texts(None)) == ["qingyu-2023"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, annotated: tuple[str, AnnotatedReport]) -> None:
    path = tmp_path / "one.jsonl"
    store.write(path, [annotated[1]])
    before = path.read_bytes()
    with pytest.raises(TypeError):
        store.write(path, [replace(annotated[1], meta={"odd": object()})])
    assert path.read_bytes() == before


def test_a_marked_file_becomes_a_text_and_a_row(tmp_path: Path, marked: str) -> None:
    file = tmp_path / "qingyu-2023.txt"
    file.write_text(marked, encoding="utf-8")
    counts = import_authored([file], tmp_path / "reports", tmp_path)
    assert sum(counts.values()) == 1
    split = max(counts, key=counts.get)
    raw = (tmp_path / "reports" / "qingyu-2023.txt").read_bytes().decode()
    assert [(text, report.id) for text, report in store.load(tmp_path / f"{split}.jsonl", texts(raw))] == [(raw, "qingyu-2023")]
    assert import_authored([file], tmp_path / "reports", tmp_path) == counts


def test_a_report_keeps_the_split_it_once_got(annotated: tuple[str, AnnotatedReport]) -> None:
    reports = [replace(annotated[1], id=f"r{i}") for i in range(10)]
    first = deal(reports, {}, (("test", 0.2), ("dev", 0.1)))
    assert sorted(first.values()) == ["dev"] + ["test"] * 2 + ["train"] * 7
    assert deal(reversed(reports), {}, (("test", 0.2), ("dev", 0.1))) == first
    more = deal([*reports, replace(annotated[1], id="new")], first, (("test", 0.2), ("dev", 0.1)))
    assert {id_: name for id_, name in more.items() if id_ != "new"} == first


def test_the_external_gold_is_sound_and_survives_cleaning(external: Path) -> None:
    by_hash = {hashlib.sha256(file.read_bytes()).hexdigest(): file.read_bytes().decode("utf-8") for file in (external / "seeds").glob("*.txt")}
    files = sorted((external / "dev-gold").glob("*.json"))
    assert files
    for file in files:
        (report,) = store.read(file)
        raw = by_hash[report.sha256]
        assert problems(report, raw) == []
        said = {row["id"]: row["text"] for row in json.loads(file.read_text(encoding="utf-8"))["spans"]}
        assert {span.id: raw[span.start : span.end] for span in report.spans} == said
        cleaned = clean(raw)
        back = {span.id: raw[slice(*cleaned.to_raw(*cleaned.from_raw(span.start, span.end)))] for span in report.spans}
        assert back == said
