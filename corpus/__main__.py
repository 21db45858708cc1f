"""python -m corpus stats : see corpus.stats."""

import argparse

from corpus.external import REPORTS
from corpus.stats import matrix, read_index


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m corpus", description="What the corpus of authored reports covers.")
    parser.add_argument("command", choices=["stats"])
    parser.parse_args(argv)
    rows = read_index()
    print(matrix(rows, {row["id"]: (REPORTS / f"{row['id']}.txt").read_bytes().decode("utf-8") for row in rows}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
