"""Writers: JSON and CSV read back the same, no cell runs as a formula, no report steers the terminal."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.report import Report
from infer.baseline import extract
from infer.write import CSV_FIELDS, FORMATS, FORMULA, _pad, _width, to_csv, to_json, to_jsonl, to_table

RAW = "青屿县2023年工作总结\n2023年，县人民医院完成门诊手术320余例，全县建册率96.4%，体检若干人次。\n"
NASTY = st.text(st.sampled_from("=+-@\t\r\n\"',;县9\x1b\x07"), max_size=6) | st.text(max_size=6)


def output(**more: str) -> dict:
    made = extract(Report("r", "r.txt", RAW)) | more
    return json.loads(json.dumps(made))


def with_cells(text: str) -> dict:
    """An output whose every free text is `text`."""
    made = output(source=text, title=text, region=text)
    row = made["indicators"][0]
    row["value"] |= {"text": text, "unit": text}
    for name in ("indicator", "institution", "region", "program", "period"):
        row[name]["name"] = text
    row["change"] = {"direction": "up", "of": 2, "versus": text}
    return made


def rows_of(written: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written, newline="")))


def test_json_is_one_object() -> None:
    made = output()
    assert json.loads(to_json([made])) == made
    assert "青屿县" in to_json([made]) and "\\u" not in to_json([made])
    for several in ([], [made, made]):
        with pytest.raises(ValueError, match="jsonl"):
            to_json(several)


def test_jsonl_is_one_object_a_line() -> None:
    made = [output(), with_cells("甲\n乙")]
    lines = to_jsonl(made).split("\n")
    assert lines.pop() == "" and [json.loads(line) for line in lines] == made


def test_csv_is_one_indicator_a_row() -> None:
    made = output()
    written = to_csv([made, made])
    rows = rows_of(written)
    assert tuple(rows[0]) == CSV_FIELDS and len(rows) == 2 * len(made["indicators"]) and written.count("\r\n") == len(rows) + 1
    first = rows[0]
    assert (first["value"], first["number"], first["low"], first["high"], first["bound"], first["unit"]) == ("320余例", "320.0", "320.0", "", "at_least", "例")
    assert (first["indicator"], first["institution"], first["from"], first["to"], first["role"]) == (
        "门诊手术",
        "县人民医院",
        "2023-01-01",
        "2023-12-31",
        "actual",
    )
    assert (first["source"], first["report_title"], first["report_region"], first["report_year"]) == ("r.txt", "青屿县2023年工作总结", "青屿县", "2023")
    assert RAW[int(first["start"]) : int(first["end"])] == "320余例"


@pytest.mark.parametrize("cell", ['=HYPERLINK("x")', "+1", "-5%", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_is_shown_not_run(cell: str) -> None:
    first = rows_of(to_csv([with_cells(cell)]))[0]
    assert first["value"] == first["indicator"] == first["source"] == first["report_title"] == first["report_region"] == "'" + cell


def test_a_negative_number_stays_a_number() -> None:
    made = output()
    made["indicators"][0]["value"] |= {"number": -3.5, "low": -3.5}
    assert rows_of(to_csv([made]))[0]["number"] == "-3.5"


@given(NASTY)
def test_any_cell_is_safe_and_reads_back(cell: str) -> None:
    first = rows_of(to_csv([with_cells(cell)]))[0]
    for key in ("source", "report_title", "report_region", "value", "unit", "indicator", "period", "versus"):
        assert not first[key].startswith(FORMULA)
        assert first[key].removeprefix("'") == cell.removeprefix("'")


@given(NASTY)
def test_a_report_does_not_steer_the_terminal(cell: str) -> None:
    table = to_table([with_cells(cell)])
    assert all(char == "\n" or char.isprintable() for char in table)
    assert table.count("\n") == 3 + len(output()["indicators"]) + 1


def test_the_table_tells_what_is_missing() -> None:
    made = output()
    made["indicators"][0]["indicator"]["name"] = None
    made["indicators"][1]["value"]["number"] = None
    made["audit"] = [{"ok": False}, {"ok": True}]
    lines = to_table([made]).splitlines()
    assert lines[0] == "青屿县2023年工作总结  青屿县  2023"
    assert "320余例" in lines[3] and "县人民医院" in lines[3] and "2023年" in lines[3]
    assert lines[-1] == f"{len(made['indicators'])} indicators, 1 without a name, 1 without a number, 1 figures that do not agree"


def test_of_several_reports_each_table_names_its_file() -> None:
    written = to_table([output(source="a/甲.txt"), output(source="b/乙.txt")]).split("\n\n")
    assert [table.splitlines()[0] for table in written] == [f"{name}  青屿县2023年工作总结  青屿县  2023" for name in ("a/甲.txt", "b/乙.txt")]


def test_a_report_that_says_nothing_of_itself_is_named_by_its_file() -> None:
    assert to_table([output() | {"title": None, "region": None, "year": None}]).splitlines()[0] == "r.txt"


def test_a_change_shows_its_direction() -> None:
    made = output()
    made["indicators"][0] |= {"role": "change", "change": {"direction": "down", "of": None, "versus": None}}
    assert "change↓" in to_table([made])


@given(st.text("县医ab9é\u0301", max_size=12), st.integers(2, 12))
def test_a_cell_is_padded_to_its_width(text: str, width: int) -> None:
    cell = _pad(text, width)
    assert sum(map(_width, cell)) == width
    assert cell.rstrip(" ") == text.rstrip(" ") or cell.rstrip().endswith("…")


def test_every_format_takes_one_report() -> None:
    for write in FORMATS.values():
        assert "320余例" in write([output()])
