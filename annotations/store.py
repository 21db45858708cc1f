"""Annotated reports on disk: stand-off JSON, one report a line (or one `.json` file), with the sha256 of the raw text.

A row holds offsets, labels, arguments and quantities, never text. `load` checks every row against the text it belongs
to; a text that is not at hand is reported, not guessed.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from annotations.schema import ARGUMENTS, SCHEMA_VERSION, AnnotatedReport, Interval, Quantity, SchemaError, Span, Value, problems
from corpus.external import read_source

DATA = Path(__file__).resolve().parent / "data"
SPLITS = ("train", "dev", "test")


def _ids(found: object) -> tuple[int, ...]:
    return () if found is None else tuple(found) if isinstance(found, list) else (int(found),)  # a gold file may give one bare id


def from_json(row: dict) -> AnnotatedReport:
    """One row of the store, or a gold file of the external folder → an AnnotatedReport; SchemaError when a field is missing."""
    try:
        if row.get("schema", SCHEMA_VERSION) != SCHEMA_VERSION:
            raise SchemaError(f"{row.get('id')}: schema version {row['schema']}, this program reads {SCHEMA_VERSION}")
        spans = tuple(
            Span(s["id"], s["label"], s["start"], s["end"], Interval(s["from"], s["to"]) if "from" in s else None) for s in row["spans"]
        )
        values = []
        for v in row["values"]:
            quantity = Quantity(v["number"], v["low"], v["high"], v["bound"], v["unit"]) if "bound" in v else None
            arguments = {key: _ids(v[key]) for key in ARGUMENTS if v.get(key)}
            values.append(Value(v["span"], v["role"], arguments, _ids(v.get("change_of")), v.get("dir"), _ids(v.get("vs")), quantity))
        parts = tuple((a, b) for a, b in row.get("parts", ()))
        return AnnotatedReport(row.get("id", ""), row.get("source", ""), row["sha256"], row["length"], spans, tuple(values), row.get("meta", {}), parts)
    except SchemaError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SchemaError(f"{row.get('id', 'a row') if isinstance(row, dict) else 'a row'}: not an annotated report ({type(error).__name__}: {error})") from None


def to_json(report: AnnotatedReport) -> dict:
    """The row of a report: the inverse of `from_json`."""
    spans = []
    for s in report.spans:
        spans.append({"id": s.id, "label": s.label, "start": s.start, "end": s.end} | ({"from": s.interval.start, "to": s.interval.end} if s.interval else {}))
    values = []
    for v in report.values:
        row: dict[str, object] = {"span": v.span, "role": v.role}
        row |= {key: list(v.arguments[key]) for key in ARGUMENTS if v.arguments.get(key)}
        row |= {key: found for key, found in (("change_of", list(v.change_of)), ("dir", v.direction), ("vs", list(v.versus))) if found}
        if v.quantity:
            q = v.quantity
            row |= {"number": q.number, "low": q.low, "high": q.high, "bound": q.bound, "unit": q.unit}
        values.append(row)
    row = {"schema": SCHEMA_VERSION, "id": report.id, "source": report.source, "sha256": report.sha256, "length": report.length, "meta": report.meta}
    if report.parts:
        row["parts"] = [list(part) for part in report.parts]
    return row | {"spans": spans, "values": values}


def read(path: Path) -> list[AnnotatedReport]:
    """The annotations of a .jsonl file (one a line) or a .json file (one), unchecked against any text."""
    text = path.read_text(encoding="utf-8")
    lines = [text] if path.suffix == ".json" else text.split("\n")
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(from_json(json.loads(line)))
            except (json.JSONDecodeError, SchemaError) as error:
                raise SchemaError(f"{path}:{number}: {error}") from None
    return found


def write(path: Path, reports: Iterable[AnnotatedReport]) -> None:
    """Writes a .jsonl file, sorted by id, in one go (a failure leaves the old file)."""
    rows = [json.dumps(to_json(report), ensure_ascii=False, separators=(",", ":")) for report in sorted(reports, key=lambda r: r.id)]
    part = path.with_suffix(".part")
    part.write_text("".join(row + "\n" for row in rows), encoding="utf-8")
    part.replace(path)


def load(path: Path, text_of: Callable[[str], str | None] = read_source) -> Iterator[tuple[str, AnnotatedReport]]:
    """(raw text, annotations) of every report of a file whose text is at hand, each checked; SchemaError names the first fault."""
    for report in read(path):
        raw = text_of(report.source)
        if raw is None:
            continue
        wrong = problems(report, raw)
        if wrong:
            raise SchemaError(f"{path}: {report.id}: {wrong[0]}" + (f" (and {len(wrong) - 1} more)" if wrong[1:] else ""))
        yield raw, report


def missing(path: Path, text_of: Callable[[str], str | None] = read_source) -> list[str]:
    """The ids of the reports of a file whose texts are not at hand."""
    return [report.id for report in read(path) if text_of(report.source) is None]
