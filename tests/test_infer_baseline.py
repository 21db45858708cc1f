"""The rule baseline on an invented noisy report: planted records, and the output contract on raw offsets for any text."""

import time

from hypothesis import given
from hypothesis import strategies as st

from annotations.schema import ARGUMENT_FIELDS, BOUNDS, LABELS, ROLES, VALUE_LABELS, sha256_of
from annotations.score import facts_of_output
from corpus.report import Report
from infer.baseline import extract

RAW = (
    "青嶼縣2023年衛生健康工作總結\r\n2023年，縣人民醫院完成白內障手術(shù)320餘例。全縣孕產婦建冊率９６．４％，比去年提高1.2個(gè)百分點。\r\n"
    "\u3000\u3000“海岛巡诊”行动发放药品18.5万元，计划添置病床60张。\r\n"
)
PIECES = [
    "青屿县",
    "縣人民醫院",
    "接诊",
    "9例",
    "，",
    "。",
    "、",
    "\n",
    "全县",
    "建册率",
    "95.5%",
    "去年",
    "提高",
    "3個(gè)百分點",
    "\u200b",
    "“巡诊”行动",
    "投入",
    "约2万元",
    "2023年",
    "１２人",
    "第三名",
    "10分钟",
    "共",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def found(raw: str) -> dict:
    return extract(Report("r", "r.txt", raw))


def record(output: dict, text: str) -> dict:
    (same,) = [row for row in output["indicators"] if row["value"]["text"] == text]
    return row_without_spans(same)


def row_without_spans(row: dict) -> dict:
    return {key: value["name"] if isinstance(value, dict) and "name" in value else value for key, value in row.items()}


def every_place(output: dict) -> list[dict]:
    rows = [*output["entities"], *(row["value"] for row in output["indicators"])]
    return rows + [place for row in output["indicators"] for name in ARGUMENT_FIELDS.values() for place in row[name]["spans"]]


def test_the_report_is_described() -> None:
    output = found(RAW)
    assert {key: output[key] for key in ("source", "sha256", "title", "region", "year")} == {
        "source": "r.txt", "sha256": sha256_of(RAW), "title": "青屿县2023年卫生健康工作总结", "region": "青屿县", "year": 2023,
    }  # fmt: skip
    assert output["model"] == {"name": "rules", "version": "1"}


def test_planted_entities_stand_in_the_raw_text() -> None:
    entities = {(e["label"], e["text"]): (e["start"], e["end"]) for e in found(RAW)["entities"]}
    for label, words in (
        ("INST", "縣人民醫院"),
        ("IND", "白內障手術(shù)"),
        ("COUNT", "320餘例"),
        ("REGION", "全縣"),
        ("RATE", "９６．４％"),
        ("RATE", "1.2個(gè)百分點"),
        ("PROG", "“海岛巡诊”行动"),
    ):
        start = RAW.index(words)
        assert entities[label, words] == (start, start + len(words))


def test_a_planted_count() -> None:
    row = record(found(RAW), "320餘例")
    assert (row["kind"], row["role"], row["indicator"], row["institution"], row["period"]) == ("count", "actual", "白内障手术", "县人民医院", "2023年")


def test_a_planted_change() -> None:
    row = record(found(RAW), "1.2個(gè)百分點")
    assert (row["role"], row["change"], row["region"]) == ("change", {"direction": "up", "of": None, "versus": None}, "全县")


def test_a_planted_target() -> None:
    row = record(found(RAW), "60张")
    assert (row["role"], row["program"]) == ("target", "“海岛巡诊”行动")


def test_values_and_days_are_normalised() -> None:
    output = found(RAW)
    numbers = {row["value"]["text"]: (row["value"]["number"], row["value"]["bound"], row["value"]["unit"]) for row in output["indicators"]}
    assert numbers == {
        "320餘例": (320.0, "at_least", "例"),
        "９６．４％": (0.964, "exact", "%"),
        "1.2個(gè)百分點": (0.012, "exact", "个百分点"),
        "18.5万元": (185000.0, "exact", "元"),
        "60张": (60.0, "exact", "张"),
    }
    assert output["indicators"][0]["period"] | {"spans": []} == {"name": "2023年", "spans": [], "from": "2023-01-01", "to": "2023-12-31"}


def test_the_sentence_holds_its_value() -> None:
    first = found(RAW)["indicators"][0]["sentence"]
    assert RAW[first["start"] : first["end"]] == "2023年，縣人民醫院完成白內障手術(shù)320餘例。"


def test_a_text_without_figures_gives_no_indicators() -> None:
    output = found("青屿县工作总结\n一切顺利。\n")
    assert output["indicators"] == [] and output["audit"] == []


@given(TEXTS)
def test_any_text_gives_an_output_that_keeps_the_contract(raw: str) -> None:
    output = found(raw)
    assert all(raw[place["start"] : place["end"]] == place["text"] != "" for place in every_place(output))
    assert {e["label"] for e in output["entities"]} <= set(LABELS)
    assert [row["id"] for row in output["indicators"]] == list(range(1, len(output["indicators"]) + 1))
    for row in output["indicators"]:
        assert row["kind"].upper() in VALUE_LABELS and row["role"] in ROLES and row["value"]["bound"] in BOUNDS
        assert row["sentence"]["start"] <= row["value"]["start"] < row["value"]["end"] <= row["sentence"]["end"]
        assert all(bool(row[name]["name"]) == bool(row[name]["spans"]) for name in ARGUMENT_FIELDS.values())
        assert 0 <= row["confidence"] <= 1 and (row["change"] is not None) == (row["role"] in ("change", "baseline"))


@given(TEXTS)
def test_every_argument_and_value_is_an_entity(raw: str) -> None:
    output = found(raw)
    facts = facts_of_output(output)
    entities = {(start, end) for _, start, end in facts.spans}
    assert set(facts.records) <= entities
    assert {(start, end) for row in facts.records.values() for _, start, end in row.arguments} <= entities


def test_an_argument_stands_in_the_sentence_of_its_value() -> None:
    rows = {row["value"]["text"]: row_without_spans(row) for row in found("2023年，县人民医院接诊9例。义诊12次，体检30人\n培训8场")["indicators"]}
    assert rows["9例"]["institution"] == "县人民医院" and rows["9例"]["period"] == "2023年"
    assert all(rows[text]["institution"] is None and rows[text]["period"] is None for text in ("12次", "30人", "8场"))


def test_a_long_text_takes_time_in_proportion() -> None:
    def seconds(times: int) -> float:
        report = Report("r", "r.txt", ("2023年，县人民医院接诊9例、义诊12次、建册率96.4%，" * 9 + "。\n") * times)
        assert report.clean and report.year
        return min(timed(report) for _ in range(3))

    def timed(report: Report) -> float:
        started = time.perf_counter()
        extract(report)
        return time.perf_counter() - started

    assert seconds(80) < 30 * seconds(10)  # in proportion: 8; quadratic: 64
