"""Bytes of unknown encoding → the raw text of a report, and what to say when there is none."""

import codecs
import sys
from collections.abc import Callable
from pathlib import Path

from corpus.fold import is_han

MAX_BYTES = 20_000_000
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
LEGACY = ("gb18030", "big5", "big5hkscs")
UNMARKED = ("utf-16-le", "utf-16-be")
# characters that stand in nearly every Chinese text, simplified or traditional: a wrong decoding hardly ever yields them
COMMON = frozenset("的一年和人中工作全市县縣區区各大在是有不了为為上地生健康卫衛医醫院服务務实實建设設展开開进進行完成强強个個万萬镇鎮民国國、，。")
PLAUSIBLE = 0.06  # the least share of COMMON in a text whose encoding had to be guessed from it: Chinese prose has 0.2 or more, a wrong decoding 0.01
DAMAGE = 100  # one character in so many may be damaged …
FEW = 3  # … or so many in a short text
SAMPLE = 50_000  # characters by which encodings are compared


class ReadError(ValueError):
    """A report that cannot be read; the message is one line that says what is wrong and what to do."""


class _TooDamagedError(Exception):
    """So many bytes fail that this is not the encoding."""


def read_report_text(path: str, note: Callable[[str], object] | None = None) -> str:
    """The raw text of a file, or of standard input for `-`; ReadError when it holds no Chinese text.

    Line ends stay as they are, a byte-order mark is not part of the text. Bytes that cannot be decoded show as U+FFFD; `note` is told so in one line.
    """
    if path == "-":
        return decode(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input", note)
    file = Path(path)
    try:
        if file.is_dir():
            raise ReadError(f"{path}: is a directory; give the report files in it")
        if file.suffix.lower() in (".pdf", ".docx", ".doc", ".xls", ".xlsx", ".html", ".htm"):
            raise ReadError(f"{path}: {file.suffix} is not read yet; save the text as .txt first")
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ReadError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise ReadError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from None
    return decode(data, path, note)


def decode(data: bytes, name: str, note: Callable[[str], object] | None = None) -> str:
    """Decodes UTF-8 (with or without mark), UTF-16, GB18030 or Big5, a little damage included; `name` is what messages call the data."""
    if len(data) > MAX_BYTES:
        raise ReadError(f"{name}: larger than {MAX_BYTES // 1_000_000} MB, too large for one report; split it")
    if not data.strip():
        raise ReadError(f"{name}: is empty; there is nothing to read")
    text, damaged = _decoded(data) or ("\0", 0)
    if _looks_binary(text):
        raise ReadError(f"{name}: is not a text file (binary data, damaged text, or an encoding other than UTF-8, UTF-16, GB18030, Big5); save it as UTF-8 text")
    if not any(is_han(char) for char in text):
        raise ReadError(f"{name}: holds no Chinese characters; this tool reads Chinese reports")
    if damaged and note:
        note(f"{name}: {damaged} byte{'s' * (damaged > 1)} could not be decoded and show{'s' * (damaged == 1)} as U+FFFD")
    return text


def _decoded(data: bytes) -> tuple[str, int] | None:
    """The text and how many bytes of it are lost; None when no encoding fits."""
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return _read_as(data[len(mark) :], encoding)
    found = _read_as(data, "utf-8")
    if found and ("\0" not in found[0] or any(is_han(char) for char in found[0])):
        return found
    guesses = [guess for encoding in LEGACY if (guess := _read_as(data, encoding))]
    guesses += [guess for encoding in UNMARKED if (guess := _read_as(data, encoding)) and _chineseness(guess[0]) >= PLAUSIBLE]
    best = max(guesses, key=lambda guess: _chineseness(guess[0]), default=None)
    return None if best and best[1] and _chineseness(best[0]) < PLAUSIBLE else best


def _read_as(data: bytes, encoding: str) -> tuple[str, int] | None:
    """The text and how many bytes of it are lost; None when more is lost than a little damage explains."""
    lost, places, after = 0, 0, -9

    def replace(error: UnicodeError) -> tuple[str, int]:
        nonlocal lost, places, after
        if not isinstance(error, UnicodeDecodeError):
            raise error
        anew = error.start > after + 1  # a stray byte within a character is one place
        lost, places, after = lost + error.end - error.start, places + anew, error.end
        if lost > 4 * (FEW + len(data) // DAMAGE):
            raise _TooDamagedError
        return "\ufffd" * anew, error.end

    codecs.register_error("corpus.read", replace)
    try:
        text = data.decode(encoding, "corpus.read")
    except _TooDamagedError:
        return None
    if not places:
        return text, 0
    if encoding in UNMARKED and _chineseness(text[-100:]) < PLAUSIBLE:  # a byte went missing on the way: all that follows is garbage
        return None
    sound = sum("\x7f" < char != "\ufffd" for char in text)  # ASCII is the same in nearly every encoding: it proves nothing
    return (text, lost) if places <= max(min(FEW, sound // 4), sound // DAMAGE) else None


def _chineseness(text: str) -> float:
    """The share of common Chinese characters among those that are not ASCII, less twice that of characters no text should hold."""
    solid = [char for char in text[:SAMPLE] if (char > "\x7f" and not char.isspace()) or char == "\0"]
    odd = sum(char in "\0\ufffd" or "\ue000" <= char <= "\uf8ff" for char in solid)
    return (sum(char in COMMON for char in solid) - 2 * odd) / max(1, len(solid))


def _looks_binary(text: str) -> bool:
    odd = sum((char < " " and char not in "\t\n\r\f\v") or "\x7f" <= char <= "\x9f" or char == "\ufffd" for char in text)
    return odd > max(FEW, len(text) // 50) or text == "\0"
