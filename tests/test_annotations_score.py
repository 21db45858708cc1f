"""The scorer: planted errors with known ratios, and the same numbers as the external reference to the last digit."""

import json
import random
import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from annotations import store
from annotations.schema import ARGUMENT_FIELDS, DIRECTIONS, LABELS, ROLES, VALUE_LABELS, AnnotatedReport
from annotations.score import Facts, Record, Score, f1, facts_of_gold, facts_of_output, score

SPANS = frozenset({("INST", 0, 3), ("IND", 3, 5), ("COUNT", 5, 7), ("IND", 8, 10), ("RATE", 10, 13)})
FIRST = Record("COUNT", "actual", None, frozenset({("of", 3, 5), ("by", 0, 3)}))
SECOND = Record("RATE", "change", "up", frozenset({("of", 8, 10)}))
GOLD = Facts(SPANS, {(5, 7): FIRST, (10, 13): SECOND})


def totals(predicted: Facts) -> dict[str, float]:
    return score([(GOLD, predicted)]).totals()


def with_second(**change: object) -> Facts:
    return replace(GOLD, records={(5, 7): FIRST, (10, 13): replace(SECOND, **change)})


def test_gold_scores_one_and_nothing_scores_zero() -> None:
    assert set(totals(GOLD).values()) == {1.0}
    assert set(totals(Facts(frozenset())).values()) == {0.0}
    assert set(score([]).totals().values()) == {0.0}


@pytest.mark.parametrize(
    ("change", "lower"),
    [
        ({"role": "actual"}, {"role_acc", "usable_f1", "named_f1", "record_f1"}),
        ({"direction": "down"}, {"record_f1"}),
        ({"label": "COUNT"}, {"value_f1", "usable_f1", "named_f1", "record_f1"}),
        ({"arguments": frozenset({("of", 8, 11)})}, {"arg_f1", "named_f1", "record_f1"}),
        ({"arguments": frozenset({("of", 3, 5)})}, {"arg_f1", "usable_f1", "named_f1", "record_f1"}),
        ({"arguments": frozenset()}, {"arg_f1", "usable_f1", "named_f1", "record_f1"}),
        ({"arguments": SECOND.arguments | {("by", 0, 3)}}, {"arg_f1", "record_f1"}),
    ],
)
def test_an_error_in_one_of_two_records_lowers_what_it_should(change: dict[str, object], lower: set[str]) -> None:
    found = totals(with_second(**change))
    assert {key for key, value in found.items() if value < 1} == lower
    assert all(found[key] == 0.5 for key in lower - {"arg_f1"})


def test_arguments_are_counted_over_all_records() -> None:
    assert totals(with_second(arguments=frozenset()))["arg_f1"] == pytest.approx(2 * (2 / 2) * (2 / 3) / (2 / 2 + 2 / 3))


def test_a_shifted_span_overlaps_but_is_not_right() -> None:
    found = totals(replace(GOLD, spans=SPANS - {("INST", 0, 3)} | {("INST", 1, 3)}))
    assert (found["span_f1"], found["span_f1_overlap"]) == (pytest.approx(0.8), 1.0)
    touching = totals(replace(GOLD, spans=SPANS - {("INST", 0, 3)} | {("INST", 13, 15)}))
    assert touching["span_f1_overlap"] == pytest.approx(0.8)


def test_counts_are_summed_before_ratios_are_taken() -> None:
    small = Facts(frozenset({("IND", 0, 2)}))
    both = score([(GOLD, GOLD), (small, Facts(frozenset()))]).totals()
    assert both["span_f1"] == pytest.approx(2 * 5 / (5 + 6))


def test_per_label_and_per_argument() -> None:
    found = score([(GOLD, replace(with_second(arguments=frozenset()), spans=SPANS - {("IND", 8, 10)} | {("PROG", 8, 10)}))])
    assert found.per_label()["IND"] == (1.0, 0.5, pytest.approx(2 / 3), 2)
    assert found.per_label()["PROG"] == (0.0, 0.0, 0.0, 0)
    assert found.per_argument()["of"] == (1.0, 0.5, pytest.approx(2 / 3), 2)
    assert found.per_argument()["by"] == (1.0, 1.0, 1.0, 1)
    assert list(found.per_argument()) == list(ARGUMENT_FIELDS)


def test_f1() -> None:
    assert f1(1, 2, 4) == (0.5, 0.25, pytest.approx(1 / 3))
    assert f1(0, 0, 0) == (0.0, 0.0, 0.0)
    assert f1(1, 2, 4, right_gold=2) == (0.5, 0.5, 0.5)


# --- against the external reference ---------------------------------------------------------------------------------------


def output_of(report: AnnotatedReport, raw_text: dict[int, str]) -> dict:
    """The output object a perfect extractor would give for a gold report."""
    by_id = report.by_id()

    def place(id_: int) -> dict:
        return {"start": by_id[id_].start, "end": by_id[id_].end, "text": raw_text[id_]}

    return {
        "entities": [{"label": span.label, **place(span.id)} for span in report.spans],
        "indicators": [
            {
                "kind": by_id[v.span].label.lower(),
                "value": place(v.span),
                "role": v.role,
                "change": {"direction": v.direction, "of": None} if v.direction else None,
                **{name: {"spans": [place(i) for i in v.arguments.get(key, ())]} for key, name in ARGUMENT_FIELDS.items()},
            }
            for v in report.values
        ],
    }


def shifted(place: dict, rng: random.Random) -> dict:
    start = max(0, place["start"] + rng.choice((-1, 0, 0, 0, 1)))
    return {**place, "start": start, "end": max(start + 1, place["end"] + rng.choice((-1, 0, 0, 0, 1)))}


def perturbed(output: dict, rng: random.Random) -> dict:
    """Some spans dropped, moved, relabelled or invented; values dropped or moved; roles, directions and arguments changed."""
    entities = [shifted(entity, rng) | ({"label": rng.choice(LABELS)} if rng.random() < 0.1 else {}) for entity in output["entities"] if rng.random() < 0.9]
    entities += [{"label": rng.choice(LABELS), "start": (at := rng.randrange(3000)), "end": at + 2, "text": "??"} for _ in range(5)]
    indicators = []
    for record in (r for r in output["indicators"] if rng.random() < 0.9):
        new = dict(record)
        if rng.random() < 0.2:
            new["value"] = shifted(record["value"], rng)
        if rng.random() < 0.15:
            new["kind"] = rng.choice(VALUE_LABELS).lower()
        if rng.random() < 0.2:
            new["role"] = rng.choice(ROLES)
        if rng.random() < 0.2:
            new["change"] = rng.choice([None, *({"direction": d, "of": None} for d in DIRECTIONS)])
        for name in ARGUMENT_FIELDS.values():
            kept = [shifted(place, rng) for place in record[name]["spans"] if rng.random() < 0.9]
            new[name] = {"spans": kept + [rng.choice(output["entities"]) for _ in range(rng.random() < 0.1)]}
        indicators.append(new)
    return {"entities": entities, "indicators": indicators}


@pytest.fixture
def reference(external: Path) -> Callable[[list[str]], dict[str, float]]:
    """main(argv) of the external scorer."""
    return runpy.run_path(str(external / "score" / "score.py"))["main"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")  # the reference leaves its files open
@pytest.mark.parametrize("seed", range(6))
def test_the_same_numbers_as_the_reference(external: Path, reference: Callable[[list[str]], dict[str, float]], tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    ours, argv = Score(), []
    for file in sorted((external / "dev-gold").glob("*.json")):
        (report,) = store.read(file)
        raw_text = {row["id"]: row["text"] for row in json.loads(file.read_text(encoding="utf-8"))["spans"]}
        fake = output_of(report, raw_text) if seed == 0 else perturbed(output_of(report, raw_text), rng)
        (tmp_path / file.name).write_text(json.dumps(fake, ensure_ascii=False), encoding="utf-8")
        argv.append(f"{file}:{tmp_path / file.name}")
        ours.add(facts_of_gold(report), facts_of_output(fake))
    assert len(argv) >= 2
    theirs = reference(argv)
    assert ours.totals() == theirs
    assert set(theirs.values()) == {1.0} if seed == 0 else all(0 < value < 1 for value in theirs.values())
