"""python -m infer REPORT… [--format table|json|jsonl|csv] [-o FILE] : the indicators of Chinese health work reports."""

import argparse
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tqdm import tqdm

from corpus.read import ReadError
from corpus.report import Report
from infer.model import DEFAULT, Model, ModelError, load
from infer.records import extract_all
from infer.write import FILE_ENCODINGS, FORMATS

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
    if args.output and (reason := _unwritable(args.output)):
        return _fail(f"{args.output}: cannot be written ({reason}); choose another file")
    try:
        model = load(args.model, args.precision)
    except ModelError as error:
        return _fail(str(error))
    try:
        outputs = _read(args.reports, model)
    except BaseException:  # Ctrl-C: what still waits to be tagged is not tagged
        if model:
            model.threads.shutdown(wait=False, cancel_futures=True)
        raise
    if not outputs:
        return FAILED
    try:
        _write(FORMATS[args.format](outputs), args.output, FILE_ENCODINGS.get(args.format, "utf-8"))
    except BrokenPipeError:  # the reader (head, less) went away: nothing to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        return _fail(f"{args.output or 'standard output'}: cannot be written ({error.strerror}); choose another file")
    return OK if len(outputs) == len(args.reports) else SOME_FAILED


def _read(reports: list[str], model: Model) -> list[dict]:
    """The output objects of the reports that could be read; of the others it is said why not."""
    outputs = []
    paths = tqdm(reports, unit="report", disable=len(reports) < 2 or not sys.stderr.isatty(), file=sys.stderr)
    for report, output in extract_all(_readable(paths), model):
        if isinstance(output, Exception):
            _fault(report.source, output)
        else:
            outputs.append(output)
    return outputs


def _readable(paths: Iterable[str]) -> Iterator[Report]:
    """The reports that can be read; of the others it is said why not."""
    for path in paths:
        try:
            yield Report.load(path, _note)
        except ReadError as error:
            _fail(str(error))
        except Exception as error:  # a fault in one report must not lose the others
            _fault(path, error)


def _fault(source: str, error: Exception) -> None:
    _fail(f"{source}: left out, {type(error).__name__}: {error}; please report this text as a fault of the program")


def _fail(message: str) -> int:
    print("infer: " + " ".join(message.split()), file=sys.stderr)
    return FAILED


def _note(message: str) -> None:
    print("note: " + " ".join(message.split()), file=sys.stderr)


def _unwritable(path: Path) -> str | None:
    """Why a file cannot be written at all, before any work is done for it; None when it looks as if it can."""
    try:
        target = path.resolve()
        if target.is_dir():
            return "it is a directory"
        if target.exists():
            return None if os.access(target, os.W_OK) else "Permission denied"
        if not target.parent.is_dir():
            return f"there is no folder {target.parent}"
        return None if os.access(target.parent, os.W_OK | os.X_OK) else "Permission denied"
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
        return getattr(error, "strerror", None) or "the link leads to itself"


def _write(text: str, path: Path | None, file_encoding: str = "utf-8") -> None:
    """All or nothing: a file appears under its name (of a link: under the name it leads to) when it is complete; a device or pipe is written straight to."""
    if path is None:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass"))
        sys.stdout.buffer.flush()
        return
    data = text.encode(file_encoding, "surrogatepass")
    target = path.resolve()
    mode = target.stat().st_mode if target.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        with target.open("wb") as stream:
            stream.write(data)
        return
    part = target.with_name(f".infer-{secrets.token_hex(8)}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:  # the umask applies
            stream.write(data)
        if mode is not None:
            os.chmod(part, stat.S_IMODE(mode))
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
