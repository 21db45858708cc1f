"""Doubts: a planted label error is found, and nothing is said where model and annotation agree."""

import numpy as np

from annotations.tags import TAG_IDS, TAGS, spans_to_tags
from corpus.text import clean
from train.doubts import doubts

TEXT = "全县完成白内障手术320例。"


def window(gold: list[tuple[str, int, int]], said: list[tuple[str, int, int]], report: str = "r") -> dict:
    """One window of TEXT as `read_windows` gives it, the model nearly sure of what it says."""
    scores = np.full((len(TEXT), len(TAGS)), 0.01 / (len(TAGS) - 1))
    for i, tag in enumerate(spans_to_tags(said, len(TEXT))):
        scores[i] = 0.01 / (len(TAGS) - 1)
        scores[i, TAG_IDS[tag]] = 0.99
    return {"report": report, "text": clean(TEXT), "at": 0, "gold": gold, "said": said, "tags": [TAG_IDS[t] for t in spans_to_tags(gold, len(TEXT))], "scores": scores}


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


def test_agreement_raises_no_doubt() -> None:
    assert doubts([window(RIGHT, RIGHT) for _ in range(10)]) == []
