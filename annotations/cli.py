"""python -m annotations import FOLDER | export FOLDER | check [FILE…] | agree FIRST SECOND | queue REPORT… : the annotations' own commands."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from annotations import store
from annotations.checks import check, check_marked
from annotations.imports import import_authored, import_external
from annotations.markup import read_report, split_header, write_report
from annotations.schema import AnnotatedReport, SchemaError
from annotations.score import Score, facts_of_gold
from corpus.external import ROOT, external_folder
from corpus.read import ReadError, read_report_text


def _import(args: argparse.Namespace) -> int:
    files = sorted(args.folder.glob("*.txt"))
    if not files:
        raise SchemaError(f"{args.folder}: no .txt files to import")
    counts = (import_external if args.external else import_authored)(files)
    print(" ".join(f"{name}={count}" for name, count in counts.items()))
    return 0


def _export(args: argparse.Namespace) -> int:
    """Marked files of stored reports, for mending by hand and importing again."""
    wanted, done = set(args.ids), 0
    for name in (*store.SPLITS, "external"):
        for raw, report in store.load(store.DATA / f"{name}.jsonl"):
            if not wanted or report.id in wanted:
                (args.folder / f"{report.id}.txt").write_bytes(write_report(raw, report).encode("utf-8"))
                done += 1
    print(f"{done} files in {args.folder}")
    return 0 if done >= len(wanted) else 1


def _check(args: argparse.Namespace) -> int:
    """The whole store, or marked files that are not imported yet."""
    if args.files:
        found = [check_marked(path) for path in args.files]
        return _tell([f for faults, _ in found for f in faults], [n for _, notes in found for n in notes])
    folder = external_folder()
    gold = [("real dev", path.name, read_report_text(str(path))) for path in sorted((folder / "seeds").glob("*.txt"))] if folder else []
    return _tell(*check(more=gold))


def _tell(faults: list[str], notes: list[str]) -> int:
    for line in notes:
        print(f"note: {line}", file=sys.stderr)
    for line in faults:
        print(line)
    print(f"{len(faults)} faults")
    return int(bool(faults))


def _annotated(path: Path) -> dict[str, AnnotatedReport]:
    """Reports by source: a .jsonl file, or a folder of marked files."""
    if path.is_dir():
        found = {}
        for file in sorted(path.glob("*.txt")):
            marked = file.read_bytes().decode("utf-8")
            source = split_header(marked)[0].get("source")
            raw = store.read_source(source) if source else None
            report = read_report(marked, file.stem, source=source or file.name, external=raw)[1]
            found[report.source] = report
        return found
    return {report.source: report for report in store.read(path)}


def _agree(args: argparse.Namespace) -> int:
    first, second = _annotated(args.first), _annotated(args.second)
    both = sorted(first.keys() & second.keys())
    if not both:
        raise SchemaError("the two have no report in common (they are matched by source)")
    total = Score()
    for source in both:
        total.add(facts_of_gold(first[source]), facts_of_gold(second[source]))
    print(f"{len(both)} reports annotated twice; F1 of the second against the first (symmetric)\n")
    print("| score | agreement |\n| --- | --- |")
    for key, value in total.totals().items():
        print(f"| {key} | {value:.3f} |")
    print("\n| label / argument | F1 | first |\n| --- | --- | --- |")
    for key, (_, _, f1, count) in {**total.per_label(), **total.per_argument()}.items():
        print(f"| {key} | {f1:.3f} | {count} |")
    return 0


def _queue(args: argparse.Namespace) -> int:
    """Unlabelled texts by what the model would learn: expected wrong spans per 1,000 characters. The model is asked through its command, by contract.md."""
    command = [sys.executable, "-m", "infer", "--format", "jsonl", *(str(Path(path).resolve()) for path in args.reports)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    sys.stderr.write(done.stderr.decode("utf-8", "replace"))
    rows = []
    for line in done.stdout.decode("utf-8").splitlines():
        output = json.loads(line)
        doubt = sum(1 - entity["confidence"] for entity in output["entities"]) + sum(1 - record["confidence"] for record in output["indicators"])
        rows.append((1000 * doubt / max(1, len(read_report_text(output["source"]))), doubt, len(output["indicators"]), output["source"]))
    for per_thousand, doubt, values, source in sorted(rows, reverse=True):
        print(f"{per_thousand:8.2f}  {doubt:8.1f}  {values:5d}  {source}")
    return done.returncode


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    made = argparse.ArgumentParser(prog="python -m annotations", description=__doc__)
    commands = made.add_subparsers(dest="command", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], help_: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help_)
        added.set_defaults(run=run)
        return added

    importing = command("import", _import, "marked files → corpus/reports/ and annotations/data/")
    importing.add_argument("folder", type=Path)
    importing.add_argument("--external", action="store_true", help="the files are marked copies of texts of the external data folder")
    exporting = command("export", _export, "stored annotations → marked files in FOLDER, for mending by hand and importing again")
    exporting.add_argument("folder", type=Path)
    exporting.add_argument("ids", nargs="*", help="report ids, default all whose text is at hand")
    checking = command("check", _check, "spans, arguments, duplicates and leaks of the whole store; exit code 1 when there are faults")
    checking.add_argument("files", nargs="*", type=Path, help="marked files to check before they are imported, instead of the store")
    agreeing = command("agree", _agree, "agreement of two annotations of the same texts (folders of marked files, or .jsonl)")
    agreeing.add_argument("first", type=Path)
    agreeing.add_argument("second", type=Path)
    queueing = command("queue", _queue, "rank unlabelled texts by how much the model would learn from them")
    queueing.add_argument("reports", nargs="+")
    return made


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code: 0 sound, 1 faults found, 2 wrong use."""
    args = parser().parse_args(argv)
    try:
        code = args.run(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader (head, less) went away: nothing to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (SchemaError, ReadError, OSError) as error:
        print(f"annotations: {error}", file=sys.stderr)
        return 2
