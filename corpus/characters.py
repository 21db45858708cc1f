"""Characters as tokens: the vocabulary file of a BERT read as a table from single characters to ids.

Word pieces would tear numbers apart (`1,234个`) and hide span borders, so one character is always one token, whatever
pieces the vocabulary holds besides.
"""

from collections.abc import Sequence
from pathlib import Path

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class Characters:
    """A character vocabulary. `names[i]` is the token of id i; specials keep the ids the file gives them."""

    def __init__(self, names: Sequence[str]):
        self.names = list(names)
        self.ids = {name: i for i, name in reversed(list(enumerate(self.names)))}
        missing = [name for name in SPECIALS if name not in self.ids]
        if missing:
            raise ValueError(f"the vocabulary lacks {', '.join(missing)}")
        self.pad, self.unknown, self.cls, self.sep, self.mask = (self.ids[name] for name in SPECIALS)

    @classmethod
    def load(cls, path: Path) -> "Characters":
        """Reads a vocab.txt, one token a line."""
        return cls(path.read_text(encoding="utf-8").rstrip("\n").split("\n"))

    def save(self, path: Path) -> None:
        """Writes vocab.txt, one token a line."""
        path.write_text("\n".join(self.names) + "\n", encoding="utf-8")

    def __len__(self) -> int:
        return len(self.names)

    def encode(self, text: str) -> list[int]:
        """One id a character: a capital letter that the vocabulary lacks is looked up small, the rest is [UNK]. len == len(text)."""
        get, unknown = self.ids.get, self.unknown
        return [get(char) or get(char.lower(), unknown) for char in text]

    def unknown_rate(self, text: str) -> float:
        """The share of characters of `text` that have no token of their own; white space not counted."""
        solid = "".join(text.split())
        return sum(i == self.unknown for i in self.encode(solid)) / max(1, len(solid))
