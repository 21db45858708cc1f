"""Bytes → text: encodings found by content, and one clear line when there is nothing to read."""

import io
import sys
from pathlib import Path

import pytest

from corpus.read import MAX_BYTES, ReadError, decode, read_report_text

SIMPLE = "青屿县卫生健康局全年组织义诊62次，服务群众1900余人次，发放宣传资料40多万份。\r\n各镇卫生院完成体检。\n"
TRADITIONAL = "青嶼縣衛生局全年組織義診62次，服務群眾1900餘人次，發放宣傳資料40多萬份。各鎮衛生院完成體檢工作。\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"])
def test_simplified_text_in_any_encoding(encoding: str) -> None:
    assert decode(SIMPLE.encode(encoding), "x.txt") == SIMPLE


@pytest.mark.parametrize("encoding", ["utf-8", "big5", "gb18030", "utf-16"])
def test_traditional_text_in_any_encoding(encoding: str) -> None:
    assert decode(TRADITIONAL.encode(encoding), "x.txt") == TRADITIONAL


def test_line_ends_and_invisible_characters_are_not_touched() -> None:
    raw = "甲\r\n乙\r丙\u200b\u3000\n\n"
    assert decode(raw.encode(), "x") == raw


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \r\n\t", "is empty"),
        (b"only English words\n", "no Chinese"),
        (b"\xef\xbb\xbf", "no Chinese"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "not a text file"),
        (b"\xff\xfe\x01", "not a text file"),
        ("县".encode() + b"x" * MAX_BYTES, "larger than 20 MB"),
    ],
    ids=["nothing", "blank", "english", "mark-only", "binary", "odd-utf16", "large"],
)
def test_what_cannot_be_read_is_said_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(ReadError, match=message) as error:
        decode(data, "report.txt")
    assert str(error.value).startswith("report.txt: ") and "\n" not in str(error.value)


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "青屿.txt"
    file.write_bytes(SIMPLE.encode("gb18030"))
    assert read_report_text(str(file)) == SIMPLE


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SIMPLE.encode())))
    assert read_report_text("-") == SIMPLE


def test_a_missing_file_a_folder_and_a_foreign_format(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none.txt", "no such file"), (tmp_path, "is a directory"), (tmp_path / "a.PDF", "not read yet")):
        with pytest.raises(ReadError, match=message):
            read_report_text(str(path))


LONG = (SIMPLE + "乡镇卫生院3家，村卫生室41所，床位420张，全年门诊18万人次。\n") * 4
LONG_TRADITIONAL = TRADITIONAL * 6


def noted(data: bytes) -> tuple[str, list[str]]:
    notes: list[str] = []
    return decode(data, "x.txt", notes.append), notes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "big5"])
@pytest.mark.parametrize("damage", ["cut", "stray"])
def test_a_little_damage_is_read_and_told(encoding: str, damage: str) -> None:
    text = LONG_TRADITIONAL if encoding == "big5" else LONG
    data = text.rstrip("。\n").encode(encoding)
    middle = len(text[:200].encode(encoding))  # between two characters
    read, notes = noted(data[:-1] if damage == "cut" else data[:middle] + b"\xff" + data[middle:])
    whole = text.rstrip("。\n")
    assert read == (whole[:-1] + "\ufffd" if damage == "cut" else whole[:200] + "\ufffd" + whole[200:])
    assert len(notes) == 1 and notes[0].startswith("x.txt: ") and "U+FFFD" in notes[0] and "\n" not in notes[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_cut_utf_16_text_is_read_and_one_out_of_step_is_not(encoding: str) -> None:
    data = LONG.encode(encoding)
    assert noted(data[:-1])[0] == LONG[:-1] + "\ufffd"
    with pytest.raises(ReadError, match="not a text file"):
        decode(data[:101] + data[102:], "x.txt")


def test_a_stray_byte_within_a_character_is_one_mark() -> None:
    data = LONG.encode()
    at = len(LONG[:50].encode()) + 1
    read, notes = noted(data[:at] + b"\xff" + data[at:])
    assert read == LONG[:50] + "\ufffd" + LONG[51:] and notes == ["x.txt: 4 bytes could not be decoded and show as U+FFFD"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_one_nul_stays_as_it_is(encoding: str) -> None:
    raw = LONG[:30] + "\0" + LONG[30:]
    assert noted(raw.encode(encoding)) == (raw, [])


def test_a_sound_text_is_read_without_a_note() -> None:
    assert noted(LONG.encode()) == (LONG, [])
    assert noted(("甲\ufffd县" + LONG).encode()) == ("甲\ufffd县" + LONG, [])  # damaged before it came here


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_much_damage_is_refused_not_guessed_at(encoding: str) -> None:
    data = bytearray(LONG.encode(encoding))
    data[10::20] = b"\xff" * len(data[10::20])
    with pytest.raises(ReadError, match="not a text file"):
        decode(bytes(data), "x.txt")


def test_a_mostly_ascii_table_in_gb18030_is_not_taken_for_damaged_utf_8() -> None:
    raw = "id,1,2,3,4,5,6,7,8,9\n" * 60 + "床位\n"
    assert noted(raw.encode("gb18030")) == (raw, [])


@pytest.mark.parametrize("path", ["x" * 300, "y/" * 3000])
def test_a_path_that_the_system_refuses(path: str) -> None:
    with pytest.raises(ReadError, match="cannot be read"):
        read_report_text(path)
