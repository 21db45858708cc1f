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
    """Genre × subject and genre × quantity form, in reports, with totals; empty cells are dots."""
    genres = sorted({row["genre"] for row in rows})
    subjects = sorted({subject for row in rows for subject in row["subjects"]})
    forms = {row["id"]: forms_in(texts[row["id"]]) for row in rows}
    by_subject = Counter((row["genre"], subject) for row in rows for subject in row["subjects"])
    by_form = Counter((row["genre"], form) for row in rows for form in forms[row["id"]])
    shapes = Counter(row["form"] for row in rows)
    characters = sum(len(text) for text in texts.values())
    lines = [f"{len(rows)} reports, {characters} characters; " + ", ".join(f"{name} {count}" for name, count in shapes.most_common()), ""]
    for title, columns, counts in (("genre \\ subject", subjects, by_subject), ("genre \\ quantity form", list(QUANTITY_FORMS), by_form)):
        lines += [f"| {title} | " + " | ".join(columns) + " |", "| --- |" + " --- |" * len(columns)]
        for genre in genres:
            lines.append(f"| {genre} | " + " | ".join(str(counts[genre, column] or "·") for column in columns) + " |")
        lines += ["| all | " + " | ".join(str(sum(counts[genre, column] for genre in genres)) for column in columns) + " |", ""]
    return "\n".join(lines)
