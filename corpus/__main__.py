"""python -m corpus stats : see corpus.stats."""

import argparse
import os
import sys

from corpus.external import REPORTS
from corpus.stats import matrix, read_index


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m corpus", description="What the corpus of authored reports covers.")
    parser.add_argument("command", choices=["stats"])
    parser.parse_args(argv)
    try:
        rows = read_index()
        table = matrix(rows, {row["id"]: (REPORTS / f"{row['id']}.txt").read_bytes().decode("utf-8") for row in rows})
    except OSError as error:
        print(f"corpus: {error.filename}: cannot be read ({error.strerror}); restore the reports of corpus/reports", file=sys.stderr)
        return 2
    try:
        print(table, flush=True)
    except BrokenPipeError:  # the reader (head, less) went away: nothing to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
