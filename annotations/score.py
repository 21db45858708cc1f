"""Scores of extractions against gold: spans, values, arguments, roles, whole records. Counts first, ratios once at the end.

A record is *usable* when its value span, label and role are right and its indicator overlaps a right one; *named* when the
indicator spans are exactly right; *strict* (record_f1) when every argument and the direction are right too. Ratios of single
documents are never averaged: a short report would weigh as much as a long one.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from annotations.schema import ARGUMENT_FIELDS, AnnotatedReport

Key = tuple[str, int, int]  # label or argument key, start, end


@dataclass(frozen=True)
class Record:
    """What scoring needs of one indicator: its label, role, direction and its arguments as (key, start, end)."""

    label: str
    role: str
    direction: str | None
    arguments: frozenset[Key]

    def named(self) -> set[Key]:
        """The `of` arguments alone."""
        return {argument for argument in self.arguments if argument[0] == "of"}


@dataclass(frozen=True)
class Facts:
    """The spans of a report and its records by value interval."""

    spans: frozenset[Key]
    records: dict[tuple[int, int], Record] = field(default_factory=dict)


def facts_of_gold(report: AnnotatedReport) -> Facts:
    """What an annotated report says."""
    by_id = report.by_id()
    records = {}
    for value in report.values:
        span = by_id[value.span]
        arguments = frozenset((key, by_id[i].start, by_id[i].end) for key, ids in value.arguments.items() for i in ids)
        records[span.start, span.end] = Record(span.label, value.role, value.direction, arguments)
    return Facts(frozenset((s.label, s.start, s.end) for s in report.spans), records)


def facts_of_output(output: dict) -> Facts:
    """What the JSON of `python -m infer` says (contract.md)."""
    records = {}
    for row in output["indicators"]:
        value = row["value"]
        arguments = frozenset((key, s["start"], s["end"]) for key, name in ARGUMENT_FIELDS.items() for s in row[name]["spans"])
        change = row.get("change") or {}
        records[value["start"], value["end"]] = Record(row["kind"].upper(), row["role"], change.get("direction"), arguments)
    return Facts(frozenset((e["label"], e["start"], e["end"]) for e in output["entities"]), records)


def overlap(a: Key, b: Key) -> bool:
    """Same label or key, and at least one character in common."""
    return a[0] == b[0] and a[1] < b[2] and b[1] < a[2]


def f1(right: int, predicted: int, gold: int, right_gold: int | None = None) -> tuple[float, float, float]:
    """Precision, recall and their harmonic mean; 0 where a denominator is 0."""
    precision = right / predicted if predicted else 0.0
    recall = (right if right_gold is None else right_gold) / gold if gold else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


class Score:
    """Counts over any number of reports; `totals()` and `per_label()` turn them into ratios."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.labels: Counter[tuple[str, str]] = Counter()
        self.argument_counts: Counter[tuple[str, str]] = Counter()

    def add(self, gold: Facts, predicted: Facts) -> None:
        """Counts one report."""
        self._add_spans(gold.spans, predicted.spans)
        counts = self.counts
        counts["gold"] += len(gold.records)
        counts["predicted"] += len(predicted.records)
        for kind, records in (("g", gold.records), ("p", predicted.records)):
            for record in records.values():
                for argument in record.arguments:
                    self.argument_counts[argument[0], kind] += 1
        for at in gold.records.keys() & predicted.records.keys():
            self._add_pair(gold.records[at], predicted.records[at])

    def _add_spans(self, gold: frozenset[Key], predicted: frozenset[Key]) -> None:
        for span in gold:
            self.labels[span[0], "g"] += 1
            self.labels[span[0], "og"] += any(overlap(span, other) for other in predicted)
        for span in predicted:
            self.labels[span[0], "p"] += 1
            self.labels[span[0], "op"] += any(overlap(span, other) for other in gold)
        for span in gold & predicted:
            self.labels[span[0], "tp"] += 1

    def _add_pair(self, gold: Record, predicted: Record) -> None:
        counts = self.counts
        of_gold, of_predicted = gold.named(), predicted.named()
        named = not of_gold and not of_predicted or any(overlap(a, b) for a in of_gold for b in of_predicted)
        right = gold.label == predicted.label and gold.role == predicted.role
        counts["span"] += 1
        counts["value"] += gold.label == predicted.label
        counts["role"] += gold.role == predicted.role
        for argument in gold.arguments & predicted.arguments:
            self.argument_counts[argument[0], "tp"] += 1
        counts["usable"] += right and named
        counts["named"] += right and of_gold == of_predicted
        counts["strict"] += right and gold.arguments == predicted.arguments and gold.direction == predicted.direction

    def totals(self) -> dict[str, float]:
        """span_f1, span_f1_overlap, value_f1, arg_f1, role_acc, usable_f1, named_f1, record_f1."""
        counts = self.counts
        spans: Counter[str] = Counter()
        for (_, kind), number in self.labels.items():
            spans[kind] += number
        arguments: Counter[str] = Counter()
        for (_, kind), number in self.argument_counts.items():
            arguments[kind] += number

        def of_records(kind: str) -> float:
            return f1(counts[kind], counts["predicted"], counts["gold"])[2]

        return {
            "span_f1": f1(spans["tp"], spans["p"], spans["g"])[2],
            "span_f1_overlap": f1(spans["op"], spans["p"], spans["g"], spans["og"])[2],
            "value_f1": of_records("value"),
            "arg_f1": f1(arguments["tp"], arguments["p"], arguments["g"])[2],
            "role_acc": counts["role"] / counts["span"] if counts["span"] else 0.0,
            "usable_f1": of_records("usable"),
            "named_f1": of_records("named"),
            "record_f1": of_records("strict"),
        }

    def per_label(self) -> dict[str, tuple[float, float, float, int]]:
        """label → precision, recall, F1 and number of gold spans."""
        return {label: (*f1(self.labels[label, "tp"], self.labels[label, "p"], self.labels[label, "g"]), self.labels[label, "g"]) for label in sorted({key[0] for key in self.labels})}

    def per_argument(self) -> dict[str, tuple[float, float, float, int]]:
        """argument key → precision, recall, F1 and number of gold arguments."""
        rows = self.argument_counts
        return {key: (*f1(rows[key, "tp"], rows[key, "p"], rows[key, "g"]), rows[key, "g"]) for key in ARGUMENT_FIELDS}


def score(pairs: Iterable[tuple[Facts, Facts]]) -> Score:
    """The score of (gold, predicted) pairs, counts summed first."""
    total = Score()
    for gold, predicted in pairs:
        total.add(gold, predicted)
    return total
