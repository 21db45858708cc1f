"""One character of noise → one clean character: width, compatibility forms, dashes and dots. Never changes the length of a text."""

import unicodedata


def _table() -> dict[int, str]:
    table = {0x3000: " ", 0x00A0: " ", 0x2002: " ", 0x2003: " ", 0x2009: " ", 0x202F: " ", 0x205F: " ", 0x0009: " "}
    for first, last in ((0xFF01, 0xFF5E), (0xFE50, 0xFE6B), (0xF900, 0xFAFF), (0x2F00, 0x2FD5), (0x2E80, 0x2EFF), (0xFFE0, 0xFFE6), (0xFE30, 0xFE44)):
        for code in range(first, last + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and plain != chr(code) and not plain.isspace():
                table[code] = plain
    for dots in "‧•∙・⋅﹒●":
        table[ord(dots)] = "·"
    for slash in "∕⁄":
        table[ord(slash)] = "/"
    for dash in "‐‑‒–−﹣":
        table[ord(dash)] = "-"
    table[ord("―")] = "—"
    for tilde in "〜∼～":
        table[ord(tilde)] = "~"
    table.update({ord("﹪"): "%", ord("٪"): "%", ord("〝"): "“", ord("〞"): "”", ord("″"): "”", ord("〔"): "(", ord("〕"): ")"})
    return {code: table.get(ord(plain), plain) for code, plain in table.items()}  # ﹝ → 〔 → (


FOLD = _table()


def fold(text: str) -> str:
    """The text with every character folded, position by position: `９５％，` → `95%,`. len(fold(t)) == len(t)."""
    return text.translate(FOLD)


def is_han(char: str) -> bool:
    """Whether a character is a Chinese one (CJK unified ideographs, extensions included, and 〇)."""
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or "\U00020000" <= char <= "\U0003ffff" or char == "〇"
