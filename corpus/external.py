"""The external data folder: texts that are not in the repository. Only data loading and tests know of it."""

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "corpus" / "reports"
HASHED = "sha256-"


def external_folder() -> Path | None:
    """`$ZHIBIAO_DATA` when set (a NotADirectoryError says when it is wrong), else `../shared` beside the project where that exists, else None."""
    said = os.environ.get("ZHIBIAO_DATA")
    if said:
        if not Path(said).is_dir():
            raise NotADirectoryError(f"ZHIBIAO_DATA={said}: no such folder; set it to the external data folder or unset it")
        return Path(said)
    beside = ROOT.parent / "shared"
    return beside if beside.is_dir() else None


def source_name(name: str, content: bytes) -> str:
    """What the store calls an external text: its file name, or a hash of its content where the name is itself a title (so that no text of it is kept)."""
    return HASHED + hashlib.sha256(content).hexdigest()[:16] if re.search("[一-鿿]{10}", name) else name


@lru_cache
def _by_content(folder: Path) -> dict[str, str]:
    return {source_name(file.name, file.read_bytes()): file.name for file in sorted(folder.glob("*.txt"))}


def read_source(source: str) -> str | None:
    """The raw text of an annotated report: below corpus/reports/, or of the external folder; None when it is not at hand.

    Line ends are kept as they are, so that offsets hold. A `source` that `source_name` made is found by its content.
    """
    folder = external_folder()
    if folder and source.startswith(HASHED):
        source = _by_content(folder / "reports" / "unlabelled").get(source, source)
    for place in [REPORTS] + ([folder / "reports" / "unlabelled", folder / "seeds"] if folder else []):
        file = place / source
        if file.is_file() and place.resolve() in file.resolve().parents:
            return file.read_bytes().decode("utf-8")
    return None
