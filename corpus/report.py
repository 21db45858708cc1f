"""A report: its raw text, its clean text, and what it says of itself (title, region, issuer, year)."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import PurePath

from corpus.read import read_report_text
from corpus.text import CleanText, clean

FURNITURE = re.compile(r"^(?:□|■|索引号|信息索引号|主题|名称|文号|文件|发布|公开|有效|效力|内容概述|来源|字号|字体|打印|责任编辑|编辑|记者|通讯员|浏览|点击|时间|日期|首页|当前位置|您的位置|分享|\d{4}-\d\d?-\d\d?|\[)")
ISSUER = re.compile(
    r"(?<![一-鿿])[一-鿿]{2,20}?(?:卫生健康委员会|卫生健康局|卫生健康委|卫生和计划生育委员会|卫生和计划生育局|卫生计生委|卫生计生局|卫健委|卫健局|卫计委|卫计局|卫生局"
    r"|疾病预防控制中心|疾控中心|妇幼保健院|妇幼保健计划生育服务中心|人民医院|中医医院|中医院|中心医院|第[一二三四五六七八九十]+医院|医院|人民政府|统计局|办公室)"
)
ISSUER_LINE = re.compile(r"(?:发布机构|发文单位|发布单位|发文机关|信息来源|来源|单位)[:：|\s]*([一-鿿]{4,30})")
REGION = re.compile(r"(?:[一-鿿]{2,8}?(?:自治州|自治县|自治旗|新区|开发区|示范区|林区|省|市|县|区|旗|盟|州))+")
SUBJECT = re.compile(r"总结|计划|要点|情况|报告|汇报|公报|讲话|纪实|综述|方案|行动|巡礼|通报|自评|规划")
YEAR = re.compile(r"(?<!\d)((?:19[89]|20[0-4])\d)\s*年?度?")


@dataclass(frozen=True)
class Report:
    """One report. `raw` is the truth; every offset that leaves the program is into it."""

    id: str
    source: str
    raw: str

    @classmethod
    def load(cls, path: str) -> "Report":
        """Reads a file (`-` = standard input); corpus.read.ReadError when it cannot be read."""
        return cls("stdin" if path == "-" else PurePath(path).stem, path, read_report_text(path))

    @cached_property
    def clean(self) -> CleanText:
        """The clean text with its map back."""
        return clean(self.raw)

    @cached_property
    def lines(self) -> list[str]:
        """The first lines of the clean text, where a report names itself."""
        return [line.strip() for line in self.clean.text.split("\n")[:40] if line.strip()]

    @cached_property
    def title(self) -> str | None:
        """The first of the opening lines that reads like a title, else the first that is no furniture and no sentence."""
        short = [line for line in self.lines[:25] if 4 <= len(line) <= 60 and re.search("[一-鿿]{3}", line) and not FURNITURE.match(line) and "|" not in line and not re.search(r"[。；;,，]$", line)]
        named = [line for line in short if SUBJECT.search(line)]
        return (named or short or [None])[0]

    @cached_property
    def issuer(self) -> str | None:
        """The body that issued it: what a metadata line names, else the first issuing body of the title and opening lines."""
        head = "\n".join(self.lines[:25])
        said = ISSUER_LINE.search(head)
        named = ISSUER.search(said[1]) if said else None
        if named:
            return named[0]
        found = (m[0] for place in (self.title or "", head) for m in ISSUER.finditer(place) if REGION.match(m[0]))
        return next(found, None)

    @cached_property
    def region(self) -> str | None:
        """The administrative area of the issuer or title, else the area that the text names most often."""
        for place in (self.issuer or "", self.title or ""):
            found = REGION.match(re.sub(r"^\d{4}年(?:度|上半年|下半年)?", "", place))
            if found and found[0] not in ("全市", "全县", "全区", "我市", "我县", "我区"):
                return found[0]
        names = Counter(m[0] for m in re.finditer(r"(?<![一-鿿])[一-鿿]{2,3}(?:市|县|区|旗)(?=[一-鿿])", self.clean.text) if m[0][0] not in "全我本该各城辖市县省社地小")
        best = names.most_common(1)
        return best[0][0] if best and best[0][1] >= 2 else None

    @cached_property
    def year(self) -> int | None:
        """The year reported on: the title's, else the one the text names most often, else a date's in the furniture."""
        this = date.today().year + 5
        titled = [int(y) for y in YEAR.findall(self.title or "") if int(y) <= this]
        if titled:
            return titled[0]
        years = Counter(int(m[1]) for m in re.finditer(r"(?<!\d)((?:19[89]|20[0-4])\d)年", self.clean.text) if int(m[1]) <= this)
        if years:
            most = max(years.values())
            return max(year for year, count in years.items() if count == most)
        dates = [int(y) for y in YEAR.findall(self.clean.text[:1000]) if int(y) <= this]
        return dates[0] if dates else None
