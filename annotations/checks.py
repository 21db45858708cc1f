"""Is the store sound? Spans and arguments against the schema and the text, idle indicators, and texts that leak between splits."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

from annotations import store
from annotations.markup import read_report, split_header
from annotations.schema import VALUE_LABELS, AnnotatedReport, SchemaError, problems
from corpus.external import REPORTS, read_source
from corpus.fold import fold

SHINGLE = 12  # characters
FIGURE = re.compile(r"[0-9０-９]+(?:[.,][0-9]+)*|[一二三四五六七八九十百千万两]{2,}|[一二三四五六七八九十两](?=[个家项名所次件类大])")
LEAK = 0.15  # share of the shorter text's shingles that stand in the other


def idle_indicators(report: AnnotatedReport) -> list[int]:
    """Ids of IND spans that no value points at: an IND names what a value measures, so these are faults."""
    used = {i for value in report.values for i in value.arguments.get("of", ())}
    return [span.id for span in report.spans if span.label == "IND" and span.id not in used]


def check_marked(path: Path) -> tuple[list[str], list[str]]:
    """Faults of one marked file before it is imported, and what its annotator should look at again: figures outside every span, values
    without an indicator or a quantity, periods without days."""
    try:
        marked = path.read_bytes().decode("utf-8")
        source = split_header(marked)[0].get("source")
        if source and (REPORTS / source).is_file():
            source = None  # a report of the repository may be reworded
        external = read_source(source) if source else None
        if source and external is None:
            raise SchemaError(f"its text {source!r} is not in the external data folder; set ZHIBIAO_DATA")
        raw, report = read_report(marked, path.stem, source=source or path.name, external=external)
    except (SchemaError, UnicodeDecodeError) as error:
        return [f"{path.name}: {error}"], []
    faults = [f"{path.name}: IND {raw[s.start : s.end]!r} at {s.start} belongs to no value" for i in idle_indicators(report) for s in [report.by_id()[i]]]
    covered = [(s.start, s.end) for s in report.spans]
    notes = []
    first, last = report.parts[0] if report.parts else (0, len(raw))
    for figure in FIGURE.finditer(raw, first, last):
        if not any(a < figure.end() and figure.start() < b for a, b in covered):
            notes.append(f"{path.name}: unmarked figure {raw[max(first, figure.start() - 8) : figure.end() + 8]!r}")
    values = {value.span: value for value in report.values}
    for span in report.spans:
        text = f"{raw[span.start : span.end]!r} at {span.start}"
        value = values.get(span.id)
        if span.label in VALUE_LABELS and (value is None or value.quantity is None):
            faults.append(f"{path.name}: {span.label} {text} has no quantity v=")
        if value and not value.arguments.get("of"):
            notes.append(f"{path.name}: {span.label} {text} has no indicator")
        if span.label == "PERIOD" and span.interval is None:
            faults.append(f"{path.name}: PERIOD {text} has no days t=")
    return faults, notes


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
