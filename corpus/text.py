"""Raw text → clean text with an exact map back: width, traditional → simplified, pinyin noise, hard line wraps, odd spaces.

The raw text is the truth and is never altered. `CleanText.text` is what the model reads; character i of it came from
`raw[starts[i]:ends[i]]`.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from opencc import OpenCC

from corpus.fold import fold, is_han

TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
# pinyin in brackets after a Chinese character, as copy protection leaves it: 門(mén), 創(chuàng )
PINYIN = re.compile(rf"(?<=[\u3400-\u9fff])[ \u00a0]?[(（][ \u00a0]?(?:[a-zü]*[{TONED}][a-z{TONED}]*|de|le|me|men|zhe|zi)[ \u00a0]?[)）]")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe0e\ufe0f\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
LIST_MARK = re.compile(r"[ \t\u3000]*(?:[一二三四五六七八九十百]+[、.．]|[(（][一二三四五六七八九十\d]+[)）]|\d{1,2}[、.．)）](?!\d)|第[一二三四五六七八九十]+[章节条]|[□■●◆★▲※①-⑳]|——|[-*·] )")
ENDS_SENTENCE = re.compile(r"[。！？!?：:…][”』」’\"]?$")
# 1 482, 12 345 678, and 120 345 alone; 120 130 140 is a row of a table
GROUPED = re.compile(r"(?<![\d.])(?<!\d )(?:\d{1,2}(?: \d{3})+|\d{3} \d{3})(?! ?\d)")
LONG_LINE = 30  # a line of so many characters that ends in mid sentence was wrapped: headings are shorter


@dataclass(frozen=True)
class CleanText:
    """A clean text and where each of its characters came from. len(text) == len(starts) == len(ends)."""

    raw: str
    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def to_raw(self, start: int, end: int) -> tuple[int, int]:
        """The raw interval of clean [start, end), noise inside and at its end included; start < end."""
        return self.starts[start], self.ends[end - 1]

    def from_raw(self, start: int, end: int) -> tuple[int, int]:
        """The smallest clean interval that covers raw [start, end); empty when all of it was noise."""
        return bisect_right(self._ends, start), bisect_left(self._starts, end)

    @cached_property
    def _ends(self) -> list[int]:
        return list(self.ends)

    @cached_property
    def _starts(self) -> list[int]:
        return list(self.starts)


def clean(raw: str) -> CleanText:
    """Cleans a text; line ends that remain are paragraph borders, one `\\n` each."""
    drop = bytearray(len(raw))  # 1 = noise that vanishes, 2 = noise that belongs to the character before it
    for match in INVISIBLE.finditer(raw):
        drop[match.start()] = 1
    for match in PINYIN.finditer(raw):
        drop[match.start() : match.end()] = b"\2" * (match.end() - match.start())
    breaks = _paragraph_ends(raw)
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    flat = fold(raw)
    for i, char in enumerate(flat):
        if drop[i]:
            if drop[i] == 2 and ends:
                ends[-1] = i + 1
        elif char in "\r\n":
            if i in breaks and chars and chars[-1] != "\n":
                chars.append("\n")
                starts.append(i)
                ends.append(i + 1)
        else:
            chars.append(char)
            starts.append(i)
            ends.append(i + 1)
    kept = _without_idle_spaces("".join(chars))
    # a line of spaces only leaves two paragraph borders side by side: one is enough, and none at the start
    keep = [i for n, i in enumerate(kept) if chars[i] != "\n" or n and chars[kept[n - 1]] != "\n"]
    text = simplify("".join(chars[i] for i in keep))
    return CleanText(raw, text, tuple(starts[i] for i in keep), tuple(ends[i] for i in keep))


_T2S = OpenCC("t2s")
TRADITIONAL = 0.01  # share of characters that change: above it a text counts as traditional


def simplify(text: str) -> str:
    """Traditional → simplified, position by position: len(simplify(t)) == len(t).

    In a text that is simplified as a whole only characters outside GB 2312 change: 乾 in 乾县 is a simplified character too.
    """
    changed = _converted(text)
    han = sum(map(is_han, text))
    if sum(a != b for a, b in zip(text, changed)) > TRADITIONAL * max(1, han):
        return changed
    return "".join(b if a != b and not _in_gb2312(a) else a for a, b in zip(text, changed))


def _in_gb2312(char: str) -> bool:
    try:
        return bool(char.encode("gb2312"))
    except UnicodeEncodeError:
        return False


def _converted(text: str) -> str:
    """OpenCC's phrase-wise conversion; character by character in a line where a phrase would change the length."""
    simple = _T2S.convert(text)
    if len(simple) == len(text):
        return simple
    lines = []
    for line in text.split("\n"):
        plain = _T2S.convert(line)
        lines.append(plain if len(plain) == len(line) else "".join(c if len(s := _T2S.convert(c)) != 1 else s for c in line))
    return "\n".join(lines)


def _without_idle_spaces(text: str) -> list[int]:
    """Indices to keep: spaces stay, one at a time, only between two letters or digits (`20 30`, `Hello World`), never inside a grouped number (`1 482`)."""
    grouped = {i for match in GROUPED.finditer(text) for i in range(match.start(), match.end())}
    idle: set[int] = set()
    for match in re.finditer(" +", text):
        start, end = match.span()
        parts_words = start not in grouped and _is_latin(text[start - 1 : start]) and _is_latin(text[end : end + 1])
        idle.update(range(start + parts_words, end))
    return [i for i in range(len(text)) if i not in idle]


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _paragraph_ends(raw: str) -> set[int]:
    """Positions of the line ends that end a paragraph; the others are wraps in mid sentence."""
    lines: list[tuple[int, int]] = []
    start = 0
    for match in re.finditer(r"\r\n|\r|\n", raw):
        lines.append((start, match.start()))
        start = match.end()
    lines.append((start, len(raw)))
    width = _wrap_width([len(PINYIN.sub("", raw[a:b]).strip()) for a, b in lines])
    found: set[int] = set()
    for (a, b), (c, d) in zip(lines, lines[1:]):
        if not _is_wrap(PINYIN.sub("", raw[a:b]), raw[c:d], width):
            found.update(range(b, c))
    return found


def _wrap_width(lengths: list[int]) -> int:
    """The width at which a text was wrapped: a length (± 1) that most lines share; LONG_LINE when there is none."""
    full = [n for n in lengths if n >= 12]
    if len(full) >= 6:
        width, _ = Counter(full).most_common(1)[0]
        if sum(abs(n - width) <= 1 for n in full) >= 0.5 * len(full) and width < 80:
            return width - 1
    return LONG_LINE


def _is_wrap(line: str, following: str, width: int) -> bool:
    text, after = line.strip(), following.strip()
    if not text or not after or "|" in text or "|" in after:
        return False
    if following.startswith(("\u3000\u3000", "    ")) or LIST_MARK.match(following):
        return False
    return len(text) >= width and not ENDS_SENTENCE.search(text) and (is_han(fold(after)[0]) or fold(after)[0].isalnum() or fold(after)[0] in "%‰,、;。)”\"》“(《")
