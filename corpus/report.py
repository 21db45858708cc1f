"""A report: its raw text, its clean text, and what it says of itself (title, region, issuer, year)."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import PurePath

from corpus.read import read_report_text
from corpus.text import CleanText, clean

HEAD_LINES = 25
FURNITURE = re.compile(
    r"^(?:□|■|索引号|信息索引号|主题|名称|文号|文件|发布|公开|有效|效力|内容概述|来源|稿源|字号|字体|打印|责任编辑|编辑|责编|审核|校对|记者|通讯员|本报|浏览|点击|时间|日期|首页|当前位置|您|分享|收藏|关闭|扫一扫|\d{4}-\d\d?-\d\d?|\[|【字)"
    r"|发布时间|信息来源|访问量|浏览次数|点击数|网站首页|首页[>»]|[>»]"
)
ISSUING = (
    r"卫生健康委员会|卫生健康局|卫生健康委|卫生和计划生育委员会|卫生和计划生育局|卫生计生委|卫生计生局|卫健委|卫健局|卫计委|卫计局|卫生局|疾病预防控制中心|疾控中心|妇幼保健院|妇幼保健计划生育服务中心|卫生监督所|中心血站"
    r"|人民医院|中医医院|中医院|中心医院|第[一二三四五六七八九十]+医院|医院|卫生院|社区卫生服务中心|人民政府|统计局|办公室|街道办事处|管理委员会|管委会"
)
ISSUER = re.compile(rf"(?<![一-鿿])[一-鿿]{{2,20}}?(?:{ISSUING})")
ISSUER_LINE = re.compile(r"(?:发布机构|发文单位|发布单位|发文机关|发布机关|信息来源|稿件来源|来源|单位)[:|\s]*([一-鿿]{4,30})")
_KIND = "自治州|自治县|自治旗|经济技术开发区|高新技术产业开发区|经济开发区|高新区|开发区|示范区|新区|林区|街道|省|市|县|区|旗|盟|州|镇|乡"
PLACE = re.compile(rf"[一-鿿]{{1,9}}?族自治[州县旗]|[一-鿿]{{2,9}}?(?:{_KIND})")
LEADING = re.compile(r"^(?:关于印发|关于|我代表|代表|中共|其中|按照|根据|围绕|来自|走进|今天的?|作为|以及|依托|支持|在|对|记|访|和|与|及|向|由|从|到|为|把|是|让|使|年|的|度|给|被|将|以|全体)+")
GENERAL = re.compile(r"[全我本该各两某此这那外辖所诸每]|城区|地区|县区|市区|郊区|小区|社区|片区|校区|院区|园区|景区|山区|牧区|灾区|库区|老区|病区|病房|超市|门市|夜市|菜市|乡镇|城乡|城市|下乡|返乡|家乡|村镇|集镇|市县|省市|区县|州市|国家|省级|市级|县级|先进|卫生|健康|示范|试点|医疗|政府|医院|中心|负责|领导|支持|会同|疾控|党委|区委|县委|市委|翻开|有的|[和与委的已万亿个家十百\d]")
SUBJECT = re.compile(r"总结|计划|要点|情况|报告|汇报|公报|讲话|纪实|综述|方案|行动|巡礼|通报|自评|规划|简报|快报|发言|致辞|掠影|侧记")
YEAR = re.compile(r"(?<!\d)((?:19[89]|20[0-4])\d)(?!\d)(?=\s*年|\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d)")
NOT_ITS_YEAR = re.compile(r"(?:到|至|自|从|由|较|比|截至|力争|规划|目标|[-—~])$")


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
    def _lines(self) -> list[str]:
        return [line.strip() for line in self.clean.text.split("\n") if line.strip()]

    @cached_property
    def _titles(self) -> list[str]:
        """The opening lines that could be a title, the likeliest first: those that name what a report is, with a year before those without."""
        short = [line for line in self._lines[:HEAD_LINES] if 4 <= len(line) <= 60 and re.search("[一-鿿]{3}", line) and not FURNITURE.search(line) and "|" not in line and not re.search(r"[。；;,，:]$", line)]
        rank = {line: (not SUBJECT.search(line), not YEAR.search(line)) for line in short}
        return sorted(short, key=lambda line: rank[line]) if any(not told for told, _ in rank.values()) else short

    @cached_property
    def title(self) -> str | None:
        """The first of the opening lines that reads like a title; of a title and its ——subtitle the title."""
        if not self._titles:
            return None
        best = self._titles[0]
        at = self._lines.index(best)
        if best.startswith("—") and at and self._lines[at - 1] in self._titles:
            return self._lines[at - 1]
        return best

    @cached_property
    def issuer(self) -> str | None:
        """The body that issued it: what a metadata line names, else the first issuing body of the title, the opening or the closing lines."""
        head = "\n".join(self._lines[:HEAD_LINES])
        said = ISSUER_LINE.search(head)
        named = ISSUER.search(said[1]) if said else None
        if named:
            return named[0]
        for place in ("\n".join(self._titles), head, "\n".join(self._lines[-4:])):
            for match in ISSUER.finditer(place):
                name = LEADING.sub("", match[0])
                if PLACE.match(name) and not GENERAL.search(PLACE.match(name)[0]):
                    return name
        return None

    @cached_property
    def region(self) -> str | None:
        """The administrative area: of those that issuer, title, opening and closing lines name, the one the text speaks of most."""
        closing = [line for line in self._lines[-4:] if len(line) <= 40]
        for places in ([*self._titles[:1]], [self.issuer or ""], [*self._titles[1:3], *closing], self._lines[:HEAD_LINES]):
            found = Counter({name: self.clean.text.count(name) for place in places for name in _places(place)})
            if found:
                most = max(found.values())
                return max((name for name, count in found.items() if count == most), key=len)
        return None

    @cached_property
    def year(self) -> int | None:
        """The year reported on: the title's, else the one the text speaks of most (first mention counts twice, 到2025年 and 比2021年 not), never after a date of publication."""
        latest = date.today().year + 1
        titled = [int(y) for line in [self.title or "", *self._titles[:2]] for y in YEAR.findall(line) if int(y) <= latest]
        if titled:
            return titled[0]
        dated = re.findall(r"(?<!\d)(20[0-4]\d)\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{1,2}", "\n".join(self._lines[:HEAD_LINES] + self._lines[-4:]))
        if dated:
            latest = min(latest, int(dated[0]))
        counts: Counter[int] = Counter()
        for match in YEAR.finditer(self.clean.text):
            said = int(match[1])
            if said <= latest and not NOT_ITS_YEAR.search(self.clean.text[max(0, match.start() - 3) : match.start()]):
                counts[said] += 1 if counts else 2
        if not counts:
            said = [int(y) for y in YEAR.findall(self.clean.text) if int(y) <= latest]
            return int(dated[0]) if dated else max(said, default=None)
        most = max(counts.values())
        return max(year for year, count in counts.items() if count == most)


def _places(line: str) -> list[str]:
    """Names of areas at the starts of a line's parts: `关于青岚县2023年…` → [青岚县]."""
    found = []
    for part in re.split(r"[^一-鿿]+", line):
        match = PLACE.match(LEADING.sub("", part))
        if match and not GENERAL.search(match[0]):
            rest = LEADING.sub("", part)[match.end() :]
            deeper = re.match(rf"(?:[一-鿿]{{0,6}}?)?(?:{_KIND})", rest) if match[0][-1] in "省市州盟" else None
            found.append(match[0] + (deeper[0] if deeper and not GENERAL.search(deeper[0]) and len(deeper[0]) > 2 else ""))
    return found
