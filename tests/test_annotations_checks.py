"""Marked files checked before they are imported: planted faults are named with their place, and what to look at again is noted."""

from pathlib import Path

import pytest

from annotations.checks import check_marked
from annotations.cli import main
from corpus.external import read_source, source_name

GOOD = "#title: 青屿县工作总结\n#---\n{全县|REGION#1}新建{村卫生室|IND#2}{12所|COUNT of=2 in=1 v=12所}。\n"


def checked(tmp_path: Path, marked: str) -> tuple[list[str], list[str]]:
    """The faults and notes of a marked text."""
    (tmp_path / "r.txt").write_text(marked, encoding="utf-8")
    return check_marked(tmp_path / "r.txt")


def test_a_sound_file_has_no_faults(tmp_path: Path) -> None:
    assert checked(tmp_path, GOOD) == ([], [])


def test_a_mark_that_breaks_the_schema_is_a_fault_with_its_line(tmp_path: Path) -> None:
    faults, _ = checked(tmp_path, GOOD.replace("|COUNT of=2", "|COUNT of=9"))
    assert len(faults) == 1 and "line 1" in faults[0] and "no span has the id #9" in faults[0]


def test_idle_indicators_and_missing_readings_are_faults(tmp_path: Path) -> None:
    faults, _ = checked(tmp_path, GOOD.replace(" v=12所", "").replace("{全县|REGION#1}", "{今年|PERIOD#3}{全县|REGION#1}{床位|IND}"))
    assert [f.split(": ", 1)[1] for f in faults] == ["IND '床位' at 4 belongs to no value", "PERIOD '今年' at 0 has no days t=", "COUNT '12所' at 12 has no quantity v="]


def test_figures_outside_every_span_and_values_without_indicator_are_noted(tmp_path: Path) -> None:
    faults, notes = checked(tmp_path, GOOD.replace(" of=2", "").replace("{村卫生室|IND#2}", "村卫生室") + "另有床位30张。\n")
    assert not faults
    assert any("unmarked figure" in n and "30" in n for n in notes) and any("'12所' at 8 has no indicator" in n for n in notes)


def test_the_command_s_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.txt").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.txt").write_text(GOOD.replace(" v=12所", ""), encoding="utf-8")
    assert main(["check", str(tmp_path / "good.txt")]) == 0
    assert main(["check", str(tmp_path / "good.txt"), str(tmp_path / "bad.txt")]) == 1
    assert "1 faults" in capsys.readouterr().out
    assert main(["check", str(tmp_path / "none.txt")]) == 2


def test_a_text_that_is_not_at_hand_is_said(tmp_path: Path) -> None:
    faults, _ = checked(tmp_path, "#source: nowhere.txt\n#---\n文\n")
    assert len(faults) == 1 and "nowhere.txt" in faults[0] and "ZHIBIAO_DATA" in faults[0]


def test_an_external_text_whose_name_is_a_title_is_kept_by_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = tmp_path / "reports" / "unlabelled"
    texts.mkdir(parents=True)
    title = "青屿市卫生健康事业发展公报.txt"
    (texts / title).write_text("全市床位120张。\n", encoding="utf-8")
    (texts / "city-1.txt").write_text("无关。\n", encoding="utf-8")
    monkeypatch.setenv("ZHIBIAO_DATA", str(tmp_path))
    kept = source_name(title, (texts / title).read_bytes())
    assert kept.startswith("sha256-") and not any("一" <= char <= "鿿" for char in kept)
    assert read_source(kept) == read_source(title) == "全市床位120张。\n"
    assert source_name("city-1.txt", b"") == "city-1.txt"
