"""Output objects → json, jsonl, csv or a readable table."""

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Iterable

from annotations.schema import ARGUMENT_FIELDS

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CSV_FIELDS = ("source", "report_title", "report_region", "report_year", "id", "kind", "value", "number", "low", "high", "bound", "unit", *ARGUMENT_FIELDS.values(), "from", "to", "role", "direction", "change_of", "versus", "confidence", "start", "end", "sentence_start", "sentence_end")
COLUMNS = (("value", 16), ("indicator", 34), ("institution / region", 26), ("period", 18), ("role", 9), ("conf.", 5))


def to_json(outputs: Iterable[dict]) -> str:
    """One object, indented; ValueError for several, which are JSON Lines."""
    found = list(outputs)
    if len(found) != 1:
        raise ValueError("json holds one report; use --format jsonl for several")
    return json.dumps(found[0], ensure_ascii=False, indent=1) + "\n"


def to_jsonl(outputs: Iterable[dict]) -> str:
    """One object a line."""
    return "".join(json.dumps(output, ensure_ascii=False) + "\n" for output in outputs)


def to_csv(outputs: Iterable[dict]) -> str:
    """One indicator a row (RFC 4180). A text cell that a spreadsheet would run as a formula gets a leading apostrophe."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_FIELDS, lineterminator="\r\n")
    writer.writeheader()
    for output in outputs:
        for record in output["indicators"]:
            writer.writerow({key: _safe(cell) for key, cell in _flat(output, record).items()})
    return out.getvalue()


def _flat(output: dict, record: dict) -> dict[str, object]:
    value, change = record["value"], record["change"] or {}
    return {
        "source": output["source"], "report_title": output["title"], "report_region": output["region"], "report_year": output["year"], "id": record["id"], "kind": record["kind"], "value": value["text"],
        **{key: value[key] for key in ("number", "low", "high", "bound", "unit")},
        **{name: record[name]["name"] for name in ARGUMENT_FIELDS.values()},
        "from": record["period"]["from"], "to": record["period"]["to"], "role": record["role"],
        "direction": change.get("direction"), "change_of": change.get("of"), "versus": change.get("versus"), "confidence": record["confidence"],
        "start": value["start"], "end": value["end"], "sentence_start": record["sentence"]["start"], "sentence_end": record["sentence"]["end"],
    }  # fmt: skip


def _safe(cell: object) -> object:
    return "'" + cell if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def to_table(outputs: Iterable[dict]) -> str:
    """For reading in a terminal: one indicator a line, columns aligned for wide characters, long cells cut with …"""
    found = list(outputs)
    return "\n".join(_table(output, named=len(found) > 1) for output in found)


def _table(output: dict, named: bool) -> str:
    """One report's table; with several reports each is `named` by its file."""
    says = [str(output[key]) for key in ("title", "region", "year") if output[key]]
    lines = [_plain("  ".join([output["source"], *says] if named or not says else says)), "  ".join(_pad(name, width) for name, width in COLUMNS).rstrip(), "  ".join("─" * width for _, width in COLUMNS)]
    for record in output["indicators"]:
        place = " ".join(filter(None, (record["institution"]["name"], record["region"]["name"])))
        name = record["indicator"]["name"] or "?"
        direction = {"up": "↑", "down": "↓"}.get((record["change"] or {}).get("direction") or "", "")
        cells = (record["value"]["text"], name, place, record["period"]["name"] or "", record["role"] + direction, f"{record['confidence']:.2f}")
        lines.append("  ".join(_pad(_plain(cell), width) for cell, (_, width) in zip(cells, COLUMNS)).rstrip())
    nameless = sum(record["indicator"]["name"] is None for record in output["indicators"])
    unread = sum(record["value"]["number"] is None and record["value"]["bound"] != "range" for record in output["indicators"])
    doubts = sum(not row["ok"] for row in output["audit"])
    lines.append(f"{len(output['indicators'])} indicators, {nameless} without a name, {unread} without a number, {doubts} figures that do not agree")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Without line breaks and control characters: a report must not steer the terminal."""
    return "".join(char for char in text if char.isprintable())


def _width(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 0 if unicodedata.combining(char) else 1


def _pad(text: str, width: int) -> str:
    if sum(map(_width, text)) > width:
        kept, room = "", width - 1
        for char in text:
            if (room := room - _width(char)) < 0:
                break
            kept += char
        text = kept + "…"
    return text + " " * (width - sum(map(_width, text)))


FORMATS: dict[str, Callable[[Iterable[dict]], str]] = {"table": to_table, "json": to_json, "jsonl": to_jsonl, "csv": to_csv}
FILE_ENCODINGS = {"csv": "utf-8-sig"}  # in a file: Excel takes a CSV without a mark for a local encoding
