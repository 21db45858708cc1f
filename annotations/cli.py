"""python -m annotations import DIR [--external] | check | agree FIRST SECOND : the annotations' own commands."""

import argparse
import sys
from pathlib import Path

from annotations import store
from annotations.imports import import_authored, import_external
from annotations.schema import SchemaError


def _import(args: argparse.Namespace) -> int:
    files = sorted(args.folder.glob("*.txt"))
    if not files:
        raise SchemaError(f"{args.folder}: no .txt files to import")
    counts = (import_external if args.external else import_authored)(files)
    print(" ".join(f"{name}={count}" for name, count in counts.items()))
    return 0


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code: 0 sound, 1 faults found, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="python -m annotations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    importing = commands.add_parser("import", help="marked files → corpus/reports/ and annotations/data/")
    importing.add_argument("folder", type=Path)
    importing.add_argument("--external", action="store_true", help="the files are marked copies of texts of the external data folder")
    importing.set_defaults(run=_import)
    args = parser.parse_args(argv)
    try:
        return args.run(args)
    except (SchemaError, OSError) as error:
        print(f"annotations: {error}", file=sys.stderr)
        return 2
