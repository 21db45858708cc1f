"""The audit: figures planted to agree or to contradict each other."""

import pytest

from infer.audit import check


def figure(id_: int, number: float | None, unit: str, role: str = "actual", **more: object) -> dict:
    """One indicator record of contract.md, with little said."""
    names = {field: {"name": more.pop(field, None), "spans": []} for field in ("indicator", "institution", "region", "program")}
    change = {"direction": more.pop("direction", None), "of": more.pop("of", None), "versus": None} if role in ("change", "baseline") else None
    value = {"text": f"{number}{unit}", "number": number, "low": number, "high": number, "bound": more.pop("bound", "exact"), "unit": unit}
    start = more.pop("sentence", 0)
    days = {"name": None, "spans": [], "from": more.pop("since", None), "to": None}
    assert not more
    return {"id": id_, "value": value, "role": role, "change": change, "period": days, "sentence": {"start": start, "end": start + 9}, **names}


def changed(level: float, before: float, by: float, unit: str = "元", by_unit: str | None = None, direction: str = "up") -> list[dict]:
    """由 before 提高到 level，提高了 by."""
    return [figure(1, before, unit, "baseline", of=2), figure(2, level, unit), figure(3, by, by_unit or unit, "change", of=2, direction=direction)]


@pytest.mark.parametrize(
    ("figures", "expected", "ok"),
    [
        (changed(730, 600, 130), 730, True),
        (changed(730, 600, 150), 750, False),
        (changed(600, 730, 130, direction="down"), 600, True),
        (changed(600, 730, 130, direction="up"), 860, False),
        (changed(0.964, 0.952, 0.012, "%", "个百分点"), 0.964, True),
        (changed(110, 100, 0.1, "元", "%"), 110, True),
        (changed(90, 100, 0.1, "元", "%", "down"), 90, True),
        (changed(120, 100, 0.1, "元", "%"), 110, False),
        (changed(1104, 1000, 0.1, "元", "%"), 1100, True),
    ],
)
def test_a_change_must_give_the_level(figures: list[dict], expected: float, ok: bool) -> None:
    (row,) = check(figures)
    assert (row["kind"], row["indicators"], row["ok"]) == ("change", [1, 3, 2], ok)
    assert row["expected"] == pytest.approx(expected) and row["found"] == figures[1]["value"]["number"]


@pytest.mark.parametrize(
    "figures",
    [
        changed(730, 600, 130)[:2],
        changed(730, 600, 130)[1:],
        changed(730, 600, 999, direction=None),
        [figure(1, 600, "元", "baseline", of=2), figure(2, 730, "元", bound="at_least"), figure(3, 999, "元", "change", of=2, direction="up")],
        [figure(1, 600, "人", "baseline", of=2), figure(2, 730, "元"), figure(3, 999, "元", "change", of=2, direction="up")],
        [figure(1, 600, "元", "baseline", of=9), figure(3, 999, "元", "change", of=9, direction="up")],
        [],
    ],
    ids=["no change", "no baseline", "no direction", "open level", "other unit", "no level", "nothing"],
)
def test_what_cannot_be_compared_is_not(figures: list[dict]) -> None:
    assert check(figures) == []


@pytest.mark.parametrize(
    ("name", "number", "role", "doubtful"),
    [
        ("建册率", 1.2, "actual", True),
        ("建册率", 1.0, "actual", False),
        ("占", 1.01, "actual", True),
        ("床位使用率", 1.2, "actual", False),
        ("增长率", 1.2, "actual", False),
        ("建册率", 1.2, "change", False),
        ("接诊", 1.2, "actual", False),
    ],
)
def test_a_share_above_the_whole(name: str, number: float, role: str, doubtful: bool) -> None:
    rows = check([figure(7, number, "%", role, indicator=name)])
    assert [(row["kind"], row["indicators"], row["ok"]) for row in rows] == ([("rate-range", [7], False)] if doubtful else [])


def test_two_figures_for_one_thing() -> None:
    first, second = figure(1, 62, "次", indicator="义诊"), figure(2, 65, "次", indicator="义诊", sentence=50)
    (row,) = check([first, second])
    assert (row["kind"], row["indicators"], row["expected"], row["found"], row["ok"]) == ("conflict", [1, 2], 62, 65, False)
    assert "义诊" in row["message"]


@pytest.mark.parametrize(
    "second",
    [
        figure(2, 62, "次", indicator="义诊", sentence=50),
        figure(2, 65, "次", indicator="义诊"),
        figure(2, 65, "人", indicator="义诊", sentence=50),
        figure(2, 65, "次", indicator="巡诊", sentence=50),
        figure(2, 65, "次", indicator="义诊", region="白鹭镇", sentence=50),
        figure(2, 65, "次", indicator="义诊", since="2022-01-01", sentence=50),
        figure(2, 65, "次", "target", indicator="义诊", sentence=50),
        figure(2, 65, "次", indicator="义诊", bound="at_least", sentence=50),
    ],
    ids=["same figure", "same sentence", "unit", "indicator", "region", "period", "role", "bound"],
)
def test_figures_for_different_things_do_not_conflict(second: dict) -> None:
    assert check([figure(1, 62, "次", indicator="义诊"), second]) == []


def test_a_figure_beyond_measure_is_compared_all_the_same() -> None:
    (row,) = check(changed(3e25, 1e25, 2e25))
    assert row["ok"]


def told(id_: int, text: str, number: float, unit: str, names: list[tuple[int, int]], name: str = "床位") -> dict:
    """A record with its written value and the places of its indicator spans."""
    record = figure(id_, number, unit, indicator=name)
    record["value"]["text"] = text
    record["indicator"]["spans"] = [{"start": a, "end": b, "text": ""} for a, b in names]
    return record


@pytest.mark.parametrize(("second", "ok"), [(100, True), (120, False)])
def test_parts_must_add_up_to_the_whole(second: int, ok: bool) -> None:
    rows = check([told(1, "300张", 300, "张", [(0, 2)]), told(2, "200张", 200, "张", [(0, 2), (8, 10)]), told(3, f"{second}张", second, "张", [(0, 2), (15, 17)])])
    assert [(row["kind"], row["indicators"], row["expected"], row["found"], row["ok"]) for row in rows] == [("sum", [1, 2, 3], 300, 200 + second, ok)]


def test_an_incomplete_list_of_parts_is_no_fault() -> None:
    assert check([told(1, "300张", 300, "张", [(0, 2)]), told(2, "100张", 100, "张", [(0, 2), (8, 10)]), told(3, "50张", 50, "张", [(0, 2), (15, 17)])]) == []


@pytest.mark.parametrize(("written", "number", "ok"), [("49.5%", 0.495, True), ("48.5%", 0.485, False)])
def test_a_share_must_fit_its_whole(written: str, number: float, ok: bool) -> None:
    rows = check([told(1, "1128人", 1128, "人", [(0, 2)]), told(2, "558人", 558, "人", [(9, 12)]), told(3, written, number, "%", [(20, 22)], "占比")])
    assert [(row["kind"], row["indicators"], row["found"], row["ok"]) for row in rows] == [("share", [1, 2, 3], number, ok)]
    assert rows[0]["expected"] == pytest.approx(558 / 1128)


def test_rounding_in_writing_is_no_disagreement() -> None:
    rows = check([told(1, "1.2亿元", 1.2e8, "元", [(0, 2)]), told(2, "7000万元", 7e7, "元", [(0, 2), (5, 7)]), told(3, "5200万元", 5.2e7, "元", [(0, 2), (9, 11)])])
    assert [row["ok"] for row in rows] == [True]  # 1.22 is written 1.2
    points = changed(0.961, 0.952, 0.005, "%", "个百分点")
    for record, text in zip(points, ("95.2%", "96.1%", "0.5个百分点")):
        record["value"]["text"] = text
    assert [row["ok"] for row in check(points)] == [False]


@pytest.mark.parametrize(("unit", "by", "expected"), [("倍", 2.0, 30), ("成", 0.2, 12)])
def test_multiples_and_tenths_are_relative(unit: str, by: float, expected: float) -> None:
    (row,) = check(changed(expected, 10, by, "家", unit))
    assert row["ok"] and row["expected"] == pytest.approx(expected)
