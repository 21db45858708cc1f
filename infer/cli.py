"""python -m infer REPORT… [--format table|json|jsonl|csv] [-o FILE] : the indicators of Chinese health work reports."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from corpus.read import ReadError
from corpus.report import Report
from infer.model import DEFAULT, ModelError, load
from infer.records import extract
from infer.write import FORMATS

OK, SOME_FAILED, FAILED = 0, 1, 2


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(prog="python -m infer", description=__doc__)
    made.add_argument("reports", nargs="+", metavar="REPORT", help="text files in any encoding; - reads standard input")
    made.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    made.add_argument("-o", "--output", type=Path, metavar="FILE", help="write here instead of to standard output")
    made.add_argument("--model", type=Path, default=DEFAULT, metavar="FOLDER", help="model folder, default models/default")
    made.add_argument("--precision", choices=("int8", "fp32"), default="int8")
    return made


def main(argv: list[str] | None = None) -> int:
    """The command line. Returns 0 when all went well, 1 when some of several reports failed, 2 when nothing could be done."""
    args = parser().parse_args(argv)
    if args.format == "json" and len(args.reports) > 1:
        return _fail("--format json holds one report; use --format jsonl for several")
    try:
        model = load(args.model, args.precision)
    except ModelError as error:
        return _fail(str(error))
    outputs = []
    for path in tqdm(args.reports, unit="report", disable=len(args.reports) < 2 or not sys.stderr.isatty(), file=sys.stderr):
        try:
            outputs.append(extract(Report.load(path), model))
        except ReadError as error:
            _fail(str(error))
    if not outputs:
        return FAILED
    try:
        _write(FORMATS[args.format](outputs), args.output)
    except BrokenPipeError:  # the reader (head, less) went away: nothing to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        return _fail(f"{args.output or 'standard output'}: cannot be written ({error.strerror}); choose another file")
    return OK if len(outputs) == len(args.reports) else SOME_FAILED


def _fail(message: str) -> int:
    print(f"infer: {message}", file=sys.stderr)
    return FAILED


def _write(text: str, path: Path | None) -> None:
    """All or nothing: the file appears under its name when it is complete."""
    data = text.encode("utf-8", "surrogatepass")
    if path is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.chmod(part, 0o644)
        os.replace(part, path)
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise
