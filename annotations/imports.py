"""Marked files (annotations.markup) → raw texts in corpus/reports/ and stand-off rows in annotations/data/, with their split.

A report keeps the split it once got; new ones are dealt out by genre and a hash of their id, so that the result does not
depend on the order of work: two in ten to test, one in ten to dev. Once a test split exists it is frozen: later reports go to train
and dev. External texts go to train, one in ten to dev, never to test.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from annotations import store
from annotations.markup import read_report, split_header
from annotations.schema import AnnotatedReport, SchemaError
from corpus.external import REPORTS, read_source, source_name
from corpus.stats import INDEX


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def deal(reports: Iterable[AnnotatedReport], before: dict[str, str], shares: tuple[tuple[str, float], ...]) -> dict[str, str]:
    """id → split. Known ids keep theirs; of each genre's new ones the first by hash fill the shares, at least one each where a genre has five."""
    genres: defaultdict[str, list[str]] = defaultdict(list)
    for report in reports:
        genres[str(report.meta.get("genre"))].append(report.id)
    split = {}
    for ids in genres.values():
        new = sorted((i for i in ids if i not in before), key=_hash)
        for name, share in shares:
            count = max(round(share * len(new)), int(len(new) >= 5))
            for id_ in new[:count]:
                split[id_] = name
            new = new[count:]
        split |= {id_: "train" for id_ in new} | {id_: before[id_] for id_ in ids if id_ in before}
    return split


def import_authored(files: Iterable[Path], reports_dir: Path = REPORTS, data_dir: Path = store.DATA) -> dict[str, int]:
    """Reads every marked file, writes texts and rows; returns the number of reports a split. SchemaError names the file at fault, nothing is written then."""
    made: dict[str, tuple[str, AnnotatedReport]] = {}
    for file in files:
        try:
            raw, report = read_report(file.read_bytes().decode("utf-8"), file.stem, source=f"{file.stem}.txt")
        except SchemaError as error:
            raise SchemaError(f"{file}: {error}") from None
        made[report.id] = (raw, report)
    old = {name: store.read(data_dir / f"{name}.jsonl") if (data_dir / f"{name}.jsonl").exists() else [] for name in store.SPLITS}
    before = {report.id: name for name, reports in old.items() for report in reports}
    kept = {report.id: report for reports in old.values() for report in reports if report.id not in made}
    shares = (("dev", 0.1),) if old["test"] else (("test", 0.2), ("dev", 0.1))
    split = deal([report for _, report in made.values()], before, shares)
    reports_dir.mkdir(parents=True, exist_ok=True)
    for id_, (raw, _) in made.items():
        (reports_dir / f"{id_}.txt").write_bytes(raw.encode("utf-8"))
    rows = {id_: report for id_, (_, report) in made.items()} | kept
    split |= {id_: before[id_] for id_ in kept}
    for name in store.SPLITS:
        store.write(data_dir / f"{name}.jsonl", [report for id_, report in rows.items() if split[id_] == name])
    _write_index(reports_dir / INDEX, rows.values())
    return {name: sum(s == name for s in split.values()) for name in store.SPLITS}


def _write_index(path: Path, reports: Iterable[AnnotatedReport]) -> None:
    """What the corpus says of its reports, without labels: one line each."""
    lines = []
    for report in sorted(reports, key=lambda r: r.id):
        subjects = re.findall(r"[a-z]+(?:-[a-z]+)*", str(report.meta.get("subject")))
        row = {"id": report.id, **{key: report.meta.get(key) for key in ("title", "region", "issuer", "year", "genre", "form")}, "subjects": subjects}
        lines.append(json.dumps(row, ensure_ascii=False))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def import_external(files: Iterable[Path], data_dir: Path = store.DATA) -> dict[str, int]:
    """Reads marked copies of external texts and writes external.jsonl: offsets, labels, arguments, quantities, no text."""
    path = data_dir / "external.jsonl"
    old = store.read(path) if path.exists() else []
    before = {report.id: str(report.meta["split"]) for report in old}
    made = {}
    for file in files:
        marked = file.read_bytes().decode("utf-8")
        source = split_header(marked)[0].get("source", "")
        raw = read_source(source)
        if raw is None:
            raise SchemaError(f"{file}: its text {source!r} is not in the external data folder; set ZHIBIAO_DATA")
        try:
            kept = source_name(source, raw.encode("utf-8"))
            _, report = read_report(marked, "x-" + _hash(kept)[:8], source=kept, external=raw)
        except SchemaError as error:
            raise SchemaError(f"{file}: {error}") from None
        made[report.id] = report
    split = deal(made.values(), before, (("dev", 0.1),))
    rows = [report.with_meta(split=split[report.id]) for report in made.values()] + [report for report in old if report.id not in made]
    store.write(path, rows)
    return {name: sum(row.meta["split"] == name for row in rows) for name in ("train", "dev")}
