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
