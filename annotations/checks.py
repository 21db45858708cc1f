"""Is the store sound? Spans and arguments against the schema and the text, idle indicators, and texts that leak between splits."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

from annotations import store
from annotations.schema import AnnotatedReport, problems
from corpus.fold import fold

SHINGLE = 12  # characters
LEAK = 0.15  # share of the shorter text's shingles that stand in the other


def idle_indicators(report: AnnotatedReport) -> list[int]:
    """Ids of IND spans that no value points at: an IND names what a value measures, so these are faults."""
    used = {i for value in report.values for i in value.arguments.get("of", ())}
    return [span.id for span in report.spans if span.label == "IND" and span.id not in used]


def shingles(text: str) -> frozenset[bytes]:
    """Hashes of all runs of SHINGLE characters, white space left out (Broder 1997)."""
    solid = "".join(fold(text).split())
    return frozenset(hashlib.blake2b(solid[i : i + SHINGLE].encode("utf-8", "surrogatepass"), digest_size=8).digest() for i in range(max(1, len(solid) - SHINGLE + 1)))


def leaks(texts: Iterable[tuple[str, str, str]]) -> list[str]:
    """Pairs of near-duplicate texts in different splits, one line each; `texts` are (split, id, text)."""
    sets = [(split, id_, shingles(text)) for split, id_, text in texts]
    found = []
    for (split_a, a, first), (split_b, b, second) in combinations(sets, 2):
        if split_a != split_b:
            shared = len(first & second) / max(1, min(len(first), len(second)))
            if shared >= LEAK:
                found.append(f"{split_a} {a} and {split_b} {b} share {100 * shared:.0f} % of their text")
    return found


def check(data: Path = store.DATA, more: Iterable[tuple[str, str, str]] = ()) -> tuple[list[str], list[str]]:
    """Faults and notes over the whole store; `more` are further (split, id, text) that must not leak, such as gold kept elsewhere."""
    faults: list[str] = []
    notes: list[str] = []
    texts = list(more)
    ids: Counter[str] = Counter()
    for name in (*store.SPLITS, "external"):
        path = data / f"{name}.jsonl"
        if not path.exists():
            notes.append(f"{path.name}: is not there")
            continue
        absent = 0
        for report in store.read(path):
            ids[report.id] += 1
            raw = store.read_source(report.source)
            absent += raw is None
            faults += [f"{name} {report.id}: {wrong}" for wrong in problems(report, raw)]
            faults += [f"{name} {report.id}: IND span {i} belongs to no value" for i in idle_indicators(report)]
            if raw is not None:
                texts.append((str(report.meta.get("split", "train")) if name == "external" else name, report.id, raw))
        if absent:
            notes.append(f"{path.name}: {absent} texts are not at hand (external data folder missing: set ZHIBIAO_DATA); their spans were not checked against a text")
    faults += [f"{id_}: is in the store {count} times" for id_, count in ids.items() if count > 1]
    return faults + leaks(texts), notes
