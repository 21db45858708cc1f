"""Reports side by side: their order, and faults that stay with the report they belong to. The rules stand in for the model."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from corpus.report import Report
from infer import baseline, records
from infer.tagger import Tagging

RAW = "全县新建村卫生室12所。\n"


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadPoolExecutor]:
    """`extract_all` with real threads and the rule baseline; a report named `start`, `batch` or `finish` fails there."""
    with ThreadPoolExecutor(2) as pool:

        def start(text: str, _: object) -> Tagging:
            if "start" in text:
                raise ValueError("start")
            return Tagging([pool.submit(lambda: 1 / 0 if "batch" in text else [])])

        def finish(report: Report, tagged: list, _: object) -> dict:
            if report.id == "finish":
                raise IndexError("finish")
            return baseline.extract(report)

        monkeypatch.setattr(records, "start", start)
        monkeypatch.setattr(records, "_finish", finish)
        yield pool


@pytest.mark.usefixtures("rules")
def test_outputs_come_in_the_order_of_the_reports() -> None:
    reports = [Report(name, name, RAW) for name in "abc"]
    found = list(records.extract_all(iter(reports), None))
    assert [report.id for report, _ in found] == ["a", "b", "c"]
    assert all(output["source"] == report.source and len(output["indicators"]) == 1 for report, output in found)


@pytest.mark.usefixtures("rules")
def test_a_fault_anywhere_stays_with_its_report() -> None:
    reports = [Report(name, name, RAW + name) for name in ("a", "start", "b", "batch", "finish", "c")]
    found = {report.id: output for report, output in records.extract_all(iter(reports), None)}
    assert {name: type(output) for name, output in found.items()} == {"a": dict, "start": ValueError, "b": dict, "batch": ZeroDivisionError, "finish": IndexError, "c": dict}


def test_no_report_no_output() -> None:
    assert list(records.extract_all(iter([]), None)) == []
