"""Bytes of unknown encoding → the raw text of a report, and what to say when there is none."""

import codecs
import sys
from pathlib import Path

from charset_normalizer import from_bytes

from corpus.fold import is_han

MAX_BYTES = 20_000_000
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
LEGACY = ("gb18030", "big5", "big5hkscs", "utf_16_le", "utf_16_be")
# characters that stand in nearly every Chinese text, simplified or traditional: a wrong decoding hardly ever yields them
COMMON = frozenset("的一年和人中工作全市县區区各大在是有不了为為上地生健康卫衛医醫院服务務实實建设設展开開进進行完成强強个個万萬镇鎮民国國、，。")


class ReadError(ValueError):
    """A report that cannot be read; the message is one line that says what is wrong and what to do."""


def read_report_text(path: str) -> str:
    """The raw text of a file, or of standard input for `-`; ReadError when it holds no Chinese text.

    Line ends stay as they are, a byte-order mark is not part of the text.
    """
    if path == "-":
        return decode(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input")
    file = Path(path)
    if file.is_dir():
        raise ReadError(f"{path}: is a directory; give the report files in it")
    if file.suffix.lower() in (".pdf", ".docx", ".doc", ".xls", ".xlsx", ".html", ".htm"):
        raise ReadError(f"{path}: {file.suffix} is not read yet; save the text as .txt first")
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ReadError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise ReadError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None
    return decode(data, path)


def decode(data: bytes, name: str) -> str:
    """Decodes UTF-8 (with or without mark), UTF-16, GB18030 or Big5; `name` is what errors call the data."""
    if len(data) > MAX_BYTES:
        raise ReadError(f"{name}: larger than {MAX_BYTES // 1_000_000} MB, too large for one report; split it")
    if not data.strip():
        raise ReadError(f"{name}: is empty; there is nothing to read")
    text = _decoded(data)
    if text is None or _looks_binary(text):
        raise ReadError(f"{name}: is not a text file (binary data, or an encoding other than UTF-8, UTF-16, GB18030, Big5); save it as UTF-8 text")
    if not any(is_han(char) for char in text):
        raise ReadError(f"{name}: holds no Chinese characters; this tool reads Chinese reports")
    return text


def _decoded(data: bytes) -> str | None:
    for mark, encoding in BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                return None
    try:
        text = data.decode("utf-8")
        if "\0" not in text:
            return text
    except UnicodeDecodeError:
        pass
    candidates = []
    for encoding in LEGACY:
        try:
            candidates.append(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    guess = from_bytes(data[:65536], cp_isolation=list(LEGACY)).best() if not candidates else None
    if guess is not None:  # damaged here and there: read what can be read, the rest shows as U+FFFD
        candidates.append(data.decode(guess.encoding, "replace"))
    return max(candidates, key=_chineseness, default=None)


def _chineseness(text: str) -> float:
    solid = [char for char in text if not char.isspace()]
    return sum(char in COMMON for char in solid) / max(1, len(solid)) - 2 * sum(char == "\0" or "\ue000" <= char <= "\uf8ff" for char in solid) / max(1, len(solid))


def _looks_binary(text: str) -> bool:
    odd = sum((char < " " and char not in "\t\n\r\f\v") or "\x7f" <= char <= "\x9f" or char == "\ufffd" for char in text)
    return "\0" in text or odd > max(2, len(text) // 50)
