"""Doubts: a planted label error is found, and nothing is said where model and annotation agree."""

from pathlib import Path

import numpy as np
import pytest
from tiny import annotated

from annotations.tags import TAG_IDS, TAGS, spans_to_tags
from corpus.text import clean
from train.doubts import Read, doubts, read_windows
from train.doubts import main as doubts_main
from train.model import IndicatorModel, characters_of

TEXT = "全县完成白内障手术320例。"


def window(gold: list[tuple[str, int, int]], said: list[tuple[str, int, int]], report: str = "r", sure: float = 0.99) -> Read:
    """One window of TEXT as `read_windows` gives it, the model so sure of what it says."""
    scores = np.full((len(TEXT), len(TAGS)), (1 - sure) / (len(TAGS) - 1))
    for i, tag in enumerate(spans_to_tags(said, len(TEXT))):
        scores[i, TAG_IDS[tag]] = sure
    return Read(report, clean(TEXT), 0, (0, len(TEXT)), gold, said, [TAG_IDS[t] for t in spans_to_tags(gold, len(TEXT))], scores)


RIGHT = [("REGION", 0, 2), ("IND", 4, 9), ("COUNT", 9, 13)]


def test_planted_errors_are_found_with_their_kind_and_place() -> None:
    other = [("INST", 0, 2), *RIGHT[1:]]
    sound = [window(RIGHT, RIGHT) for _ in range(30)] + [window(other, other) for _ in range(10)]
    missing = window([("REGION", 0, 2), ("COUNT", 9, 13)], RIGHT, "missing")
    label = window([("INST", 0, 2), ("IND", 4, 9), ("COUNT", 9, 13)], RIGHT, "label")
    border = window([("REGION", 0, 2), ("IND", 2, 9), ("COUNT", 9, 13)], RIGHT, "border")
    found = {row["report"]: row for row in doubts([*sound, missing, label, border])}
    assert {name: row["kind"] for name, row in found.items()} == {"missing": "missing", "label": "label", "border": "border"}
    said = found["missing"]["model"][0]
    assert (said["start"], said["end"]) == (4, 9) and TEXT[said["start"] : said["end"]] == "白内障手术"
    assert found["label"]["annotated"][0]["label"] == "INST" and found["label"]["model"][0]["label"] == "REGION"


def test_agreement_raises_no_doubt_nor_does_a_model_that_is_unsure() -> None:
    sound = [window(RIGHT, RIGHT) for _ in range(30)]
    assert doubts(sound) == []
    assert doubts([*sound, window(RIGHT, [("REGION", 0, 2), ("IND", 2, 9), ("COUNT", 9, 13)], "unsure", sure=0.3)]) == []


def test_what_another_window_answers_for_is_passed_over() -> None:
    border = window([("REGION", 0, 2), ("IND", 2, 9), ("COUNT", 9, 13)], RIGHT, "border")
    assert doubts([*[window(RIGHT, RIGHT) for _ in range(30)], border._replace(core=(9, 13))]) == []


@pytest.mark.slow
def test_windows_are_read_on_exact_offsets(tiny: Path) -> None:
    raw, report = annotated()
    (read,) = read_windows(IndicatorModel.from_base(str(tiny)).float(), raw, report, characters_of(str(tiny)), 254)
    assert [(label, raw[read.text.to_raw(read.at + a, read.at + b)[0] : read.text.to_raw(read.at + a, read.at + b)[1]]) for label, a, b in read.gold] == [(s.label, raw[s.start : s.end]) for s in report.spans]
    assert read.scores.shape == (len(read.tags), len(TAGS)) and np.allclose(read.scores.sum(-1), 1, atol=1e-3)


def test_wrong_use_is_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doubts_main(["--out", str(tmp_path / "none" / "d.jsonl")]) == 2
    assert doubts_main(["--out", str(tmp_path / "d.jsonl"), "--folds", "1"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 2
