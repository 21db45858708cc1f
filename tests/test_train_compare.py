"""The comparison of encoders: its table from planted rows, and one whole run on a tiny BERT."""

import json
from pathlib import Path

import pytest
from tiny import annotated

from train import compare, loop


def test_the_table_gives_mean_and_spread_over_the_seeds() -> None:
    scores = {"span_f1": 0.5, "usable_f1": 0.6, "record_f1": 0.2, "value_f1": 0.9}
    row = {"config": {"epochs": 2}, "reports": 475, "layers": 6, "hidden": 384, "parameters": 14_000_000, "int8_megabytes": 14.25, "characters_per_second": 20000, "seeds": {"0": scores, "1": {**scores, "span_f1": 0.6}}}
    line = compare.table({"small": row}).splitlines()[-1]
    assert compare.table({"refused": {"config": {"epochs": 2}, "reports": 475, "seeds": {"0": scores}}}).splitlines()[-1].startswith("| refused | – | – | – | – | – | 475 × 2 | 1 | 0.500 |")
    assert line == "| small | 6 × 384 | 14.0 M | 14.2 MB | 20000 | – | 475 × 2 | 2 | 0.550 ± 0.071 | 0.600 ± 0.000 | 0.200 ± 0.000 | 0.900 ± 0.000 |"


@pytest.mark.slow
def test_a_run_is_measured_once_and_continued(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    reports = [annotated(id_=f"t{i}") for i in range(8)]
    monkeypatch.setattr(loop, "load_reports", lambda split, config: (reports, []))
    monkeypatch.setattr(compare, "load_reports", lambda split, config: (reports, []))
    monkeypatch.setattr(compare, "real_gold", lambda: reports[:1])
    monkeypatch.setattr(compare, "ROOT", tmp_path)
    out = tmp_path / "encoders.json"
    assert compare.main(["--encoder", f"tiny={tiny}", f"chance=random:{tiny}", "--seeds", "1", "--epochs", "1", "--out", str(out)]) == 0
    assert "| tiny | 2 × 32 |" in out.with_suffix(".md").read_text(encoding="utf-8")
    assert "chance" in capsys.readouterr().out
    student, version = compare.config_of(str(tmp_path / "work" / "compare-tiny-0" / "export"), 1, 6)
    assert version == json.loads((tmp_path / "work" / "compare-tiny-0" / "export" / "run.json").read_text(encoding="utf-8"))["version"]
    assert (student.base, student.layers) == (str(tiny), 0), "a model folder keeps its own layers"
    assert compare.main(["--encoder", f"student={student.init}", "--seeds", "1", "--epochs", "1", "--out", str(out)]) == 0
    assert "| student | 2 × 32 |" in out.with_suffix(".md").read_text(encoding="utf-8")
    monkeypatch.setattr(compare, "fine_tune", lambda *_: pytest.fail("a run that is in the file already was done again"))
    assert compare.main(["--encoder", f"tiny={tiny}", "--seeds", "1", "--epochs", "1", "--out", str(out)]) == 0
    assert compare.main(["--encoder", f"tiny={tiny}", "--seeds", "2", "--epochs", "2", "--out", str(out)]) == 2
    assert "other options" in capsys.readouterr().err


def test_a_wrong_encoder_is_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["--encoder", "nameless", "--out", str(tmp_path / "e.json")]) == 2
    err = capsys.readouterr().err.strip()
    assert len(err.splitlines()) == 1 and "NAME=FOLDER" in err


@pytest.mark.parametrize("written", ["[]", "{}", '{"config": null}', "no json"])
def test_a_run_json_that_is_none_is_named(tmp_path: Path, written: str) -> None:
    (tmp_path / "run.json").write_text(written, encoding="utf-8")
    with pytest.raises(ValueError, match=r"run\.json: not that of a model folder"):
        compare.config_of(str(tmp_path), 1, 0)


def test_random_weights_need_an_encoder_not_a_model(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="is a model folder"):
        compare.config_of(f"random:{tmp_path}", 1, 0)
