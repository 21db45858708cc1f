"""Which spans a value may point at, and what can be seen of a pair without reading: order, distance, what stands between.

Shared by training and inference, so that both ask the same question. Works on clean text and clean offsets.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from annotations.schema import ARGUMENTS, VALUE_LABELS

RELATIONS = (*ARGUMENTS, "vs", "change_of")
RELATIONS_OF_LABEL = {label: tuple(r for r, wanted in (*ARGUMENTS.items(), ("vs", "PERIOD")) if wanted == label) for label in ARGUMENTS.values()} | {label: ("change_of",) for label in VALUE_LABELS}
# how many classes each pair feature has; the order is that of `features`
FEATURE_SIZES = (20, 5, 6, 4, 6, 5, 5, 6, 2)
# how many sentence ends may stand between a value and what it points at: a 其中 that opens a new sentence inherits from the one
# before, and the items of a list look back to its lead-in for period, area, body and programme
SENTENCES_APART = {"IND": 1, **dict.fromkeys(VALUE_LABELS, 1), "PERIOD": 6, "REGION": 6, "INST": 6, "PROG": 6}
_SENTENCE_END = re.compile(r"[。！？!?\n]+")


class LabelledSpan(NamedTuple):
    """A span of clean text."""

    label: str
    start: int
    end: int


class Pair(NamedTuple):
    """A question to the linking head: does value span `value` point at span `argument` by `relation`? Indices into the span list."""

    value: int
    argument: int
    relation: int


def _bucket(distance: int) -> int:
    """0, 1, 2, 3-4, 5-8, 9-16, 17-32, 33-64, 65-128, more → 0..9."""
    return 0 if distance <= 0 else min(9, (distance - 1).bit_length() + 1 if distance > 1 else 1)


class Between:
    """Counts of separators and spans between positions of one text, in constant time."""

    def __init__(self, text: str, spans: Sequence[LabelledSpan]):
        self.spans = spans
        self._marks = [np.concatenate([[0], np.cumsum([char in marks for char in text], dtype=np.int64)]) for marks in ("、", ",，", ";；:：")]
        ends = np.zeros(len(text) + 1, dtype=np.int64)
        for match in _SENTENCE_END.finditer(text):  # 。 and the line end after it are one; a line end after ：or ； ends nothing
            ends[match.end()] = not (match[0] == "\n" and text[match.start() - 1 : match.start()] in (":", ";", "：", "；"))
        self._marks.append(np.cumsum(ends))
        self._starts: dict[str, list[int]] = {}
        for span in spans:
            self._starts.setdefault("VALUE" if span.label in VALUE_LABELS else span.label, []).append(span.start)
        for starts in self._starts.values():
            starts.sort()

    def sentences(self, a: LabelledSpan, b: LabelledSpan) -> int:
        """How many sentence ends stand between two spans."""
        left, right = (a, b) if a.start < b.start else (b, a)
        return int(self._marks[3][right.start] - self._marks[3][left.end])

    def _spans_between(self, kind: str, start: int, end: int) -> int:
        starts = self._starts.get(kind, [])
        return bisect_left(starts, end) - bisect_left(starts, start)

    def features(self, value: LabelledSpan, argument: LabelledSpan) -> list[int]:
        """Class numbers of a pair: signed distance, 、 ， ；：, sentence ends, spans of its type and values between, its type's rank, inside the same clause."""
        before = argument.start < value.start
        left, right = (argument, value) if before else (value, argument)
        gaps = [int(marks[right.start] - marks[left.end]) for marks in self._marks]
        kind = "VALUE" if argument.label in VALUE_LABELS else argument.label
        same = self._spans_between(kind, left.end, right.start)
        values = self._spans_between("VALUE", left.end, right.start)
        other_side = self._spans_between(kind, value.end, value.end + 30) if before else self._spans_between(kind, max(0, value.start - 30), value.start)
        return [
            _bucket(right.start - left.end) + (10 if before else 0),
            min(gaps[0], 4),
            min(gaps[1], 5),
            min(gaps[2], 3),
            min(gaps[3], 5),
            min(same, 4),
            min(values, 4),
            min(other_side, 5),
            int(gaps[1] == gaps[2] == gaps[3] == 0),
        ]


def pairs_of(text: str, spans: Sequence[LabelledSpan]) -> tuple[list[Pair], np.ndarray]:
    """Every pair worth asking about and its features, int64 [pairs, len(FEATURE_SIZES)]."""
    between = Between(text, spans)
    pairs: list[Pair] = []
    rows: list[list[int]] = []
    order = sorted(range(len(spans)), key=lambda i: spans[i].start)
    for v in (i for i in order if spans[i].label in VALUE_LABELS):
        for a in order:
            apart = SENTENCES_APART[spans[a].label] if spans[a].start < spans[v].start else 1  # nothing far to the right is meant
            if a == v or between.sentences(spans[v], spans[a]) > apart:
                continue
            features = between.features(spans[v], spans[a])
            for relation in RELATIONS_OF_LABEL[spans[a].label]:
                pairs.append(Pair(v, a, RELATIONS.index(relation)))
                rows.append(features)
    return pairs, np.array(rows, dtype=np.int64).reshape(len(rows), len(FEATURE_SIZES))
