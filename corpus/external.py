"""The external data folder: texts that are not in the repository. Only data loading and tests know of it."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "corpus" / "reports"


def external_folder() -> Path | None:
    """`$ZHIBIAO_DATA` when set (a NotADirectoryError says when it is wrong), else `../shared` beside the project where that exists, else None."""
    said = os.environ.get("ZHIBIAO_DATA")
    if said:
        if not Path(said).is_dir():
            raise NotADirectoryError(f"ZHIBIAO_DATA={said}: no such folder; set it to the external data folder or unset it")
        return Path(said)
    beside = ROOT.parent / "shared"
    return beside if beside.is_dir() else None


def read_source(source: str) -> str | None:
    """The raw text of an annotated report: below corpus/reports/, or of the external folder; None when it is not at hand.

    Line ends are kept as they are, so that offsets hold.
    """
    folder = external_folder()
    for place in [REPORTS] + ([folder / "reports" / "unlabelled", folder / "seeds"] if folder else []):
        file = place / source
        if file.is_file() and place.resolve() in file.resolve().parents:
            return file.read_bytes().decode("utf-8")
    return None
