"""python -m corpus stats : what the reports written for the project cover (genre × subject × quantity form), as Markdown."""

import json
import re
from collections import Counter
from pathlib import Path

from corpus.external import REPORTS
from corpus.text import clean

INDEX = "index.jsonl"  # one line a report: id, title, genre, subject, form …; written when reports are imported

QUANTITY_FORMS = {
    "万 亿": re.compile(r"\d[\d.]*[余多]?[万亿]"),
    "%": re.compile(r"\d%"),
    "‰ /10万": re.compile(r"\d‰|/10?万"),
    "百分点": re.compile(r"百分点"),
    "倍 成 分之": re.compile(r"\d倍|[一二三四五六七八九两]倍|[一二三四五六七八九]成|分之"),
    "余 多 近 约": re.compile(r"\d[余多]|[余多][万亿]?[个人次名家例份元]|[近约逾超]\d|左右"),
    "以上 不低于": re.compile(r"\d[\d.]*[^,。;]{0,3}以[上下内]|不[低少]于|不超过|不高于|至少"),
    "range": re.compile(r"\d[%个名]?[-~至]\d"),
    "Chinese numeral": re.compile(r"[一二三四五六七八九十百两]+(?:家|个|名|项|所|次|场|支|人|张|台)"),
    "由A到B": re.compile(r"[由从].{0,20}\d.{0,8}(?:提高|增加|上升|下降|降低|降|增长|升|减少|减|压缩|缩短)[到至]"),
    "change": re.compile(r"(?:增长|增加|提高|上升|下降|减少|降低)了?\d"),
    "其中": re.compile(r"其中"),
    "占": re.compile(r"占.{0,12}\d|占比"),
    "rank": re.compile(r"第[一二三四五六七八九十\d]+[名位]?|前[一二三四五十\d]+[名位]"),
    "target": re.compile(r"力争|确保.{0,20}达到|到20\d\d年|目标"),
    "money per": re.compile(r"每人|每[月年]\d|元/|人均.{0,12}元"),
    "分别": re.compile(r"分别"),
    "ratio": re.compile(r"\d:\d|性别比"),
    "measure": re.compile(r"\d(?:平方米|公里|亩|分钟|小时|岁|天|吨|公斤)"),
}


def forms_in(text: str) -> list[str]:
    """The quantity forms that a raw text uses."""
    plain = clean(text).text
    return [name for name, pattern in QUANTITY_FORMS.items() if pattern.search(plain)]


def read_index(folder: Path = REPORTS) -> list[dict]:
    """The index rows of a corpus folder; FileNotFoundError when there is none."""
    return [json.loads(line) for line in (folder / INDEX).read_text(encoding="utf-8").splitlines() if line]


def matrix(rows: list[dict], texts: dict[str, str]) -> str:
    """Genre × subject × quantity form, in reports: one table a genre, one row a subject, with totals; empty cells are dots. A report of several subjects counts in each."""
    genres = sorted({row["genre"] for row in rows})
    subjects = sorted({subject for row in rows for subject in row["subjects"]})
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        for form in ("reports", *forms_in(texts[row["id"]])):
            counts.update([(row["genre"], subject, form) for subject in row["subjects"]] + [(row["genre"], "all", form), ("all genres", "all", form)])
    shapes = Counter(row["form"] for row in rows)
    characters = sum(len(text) for text in texts.values())
    empty = [f"{genre} × {subject}" for genre in genres for subject in subjects if not counts[genre, subject, "reports"]]
    lines = [f"{len(rows)} reports, {characters} characters; " + ", ".join(f"{name} {count}" for name, count in shapes.most_common())]
    lines += [f"{len(genres) * len(subjects)} rows (genre × subject), {len(empty)} empty" + (": " + ", ".join(empty) if empty else ""), ""]
    columns = ["reports", *QUANTITY_FORMS]
    for genre in (*genres, "all genres"):
        lines += [f"| {genre} | " + " | ".join(columns) + " |", "| --- |" + " --- |" * len(columns)]
        for subject in ("all",) if genre == "all genres" else (*subjects, "all"):
            lines.append(f"| {subject} | " + " | ".join(str(counts[genre, subject, column] or "·") for column in columns) + " |")
        lines.append("")
    return "\n".join(lines)
