"""A report: its raw text, its clean text, and what it says of itself (title, region, issuer, year)."""

import re
from collections import Counter
from collections.abc import Callable
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
_KIND = "自治州|自治县|自治旗|经济技术开发区|高新技术产业开发区|经济开发区|高新区|开发区|示范区|新区|林区|地区|街道|省|市|县|区|旗|盟|州|镇|乡"
PLACE = re.compile(rf"[一-鿿]{{1,12}}?族自治[州县旗]|[一-鿿]{{2,9}}?(?:{_KIND})")
LEADING = re.compile(r"^(?:关于印发|关于|我代表|代表|中共|其中|按照|根据|围绕|来自|走进|今天的?|作为|以及|依托|支持|在|对|记|访|和(?![平田静顺硕政龙])|与|及|向|由|从|到|为|把|是|让|使|年|的|度|给|被|将|以|全体)+")
# what no name of an area holds: words of the trade, 全县 各市 我区, counted things (三家县…, 十五个乡…)
GENERAL = re.compile(
    r"[我该某此这每已的委与]|(?:全(?!州县|南县)|[本各两辖所诸那外])(?:国|省|市|县|区|旗|盟|州|镇|乡|地|街|个|级|类|项)|先进|卫生|健康|示范(?!区$)|试点|医疗|政府|医院|中心|负责|领导|支持|会同|疾控|党[委旗]|翻开|有的|国家|专家|大家|家庭|农家|综合|防控"
    r"|[一二三四五六七八九十百千几数多余两](?:家|个|所|余|多)(?:省|市|县|区|旗|州|镇|乡|街)|[二三四五六七八九几数][十百千](?:省|市|县|区|旗|州|镇|乡|街)|^万(?:余|人|元|多|名|例|份|张|户|件|次|亿|平|家|个|吨|册|只|里|公|群|众)"
    r"|[省市县区]级|[县市辖校院病片小社]区|[灾牧库]区|[超夜菜]市|[返下]乡|市县|省市|(?:乡|村)镇"
)
# 贫困山区, 卫生城市, 农村地区 are no names; 南山区, 盐城市, 和田地区 are: nothing stands before the common noun that describes it
DESCRIBED = re.compile(r"(?:贫困|边远|偏远|革命|农村|民族|西部|东部|中部|部分|重点|高发|流行|其他|广大|文明|园林|主|老|大|特大|中小|缺水|高原|城市|沿海|库|居住|人口.*)(?:山区|城区|老区|园区|景区|地区|城市|城镇|集镇)$|[一-鿿]{3,}(?:老区|园区|景区|郊区)$")
WORDS = re.compile("[的得着了们他她它把被是在有看说给让当其之以而且但如都还就也又很不]")  # hardly ever in a name, common between words
RARE = re.compile("[和家十百万个全本外那]")  # in some names (呼和浩特市, 十堰市), more often between words
SECTION = re.compile(r"(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十]+\)|\d{1,2}、)")
SUBJECT = re.compile(r"总结|计划|要点|情况|报告|汇报|公报|讲话|纪实|综述|方案|行动|巡礼|通报|自评|规划|简报|快报|发言|致辞|掠影|侧记")
YEAR = re.compile(r"(?<!\d)((?:19[89]|20[0-4])\d)(?!\d)(?=\s*年|\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d)")
HAN_YEAR = re.compile(r"(?<![〇零○一二三四五六七八九十百千])(?:一九[八九]|二[〇零○O0][〇零○O0一二三四])[〇零○O0一二三四五六七八九](?=年|[-—~至到])")
HAN_DIGITS = str.maketrans("〇零○O一二三四五六七八九", "0000123456789")
PAST = re.compile("总结|公报|自评")  # such a report is written in the year after
AHEAD = re.compile("讲话|发言|致辞|计划(?!生育)|要点")  # such a text looks back at the last year and sets out the next
DATED = re.compile(r"[^。,]{0,9}?\(?(20[0-4]\d)(?:\)\s*\d{1,4}号|年\s*\d{1,2}月\s*\d{1,2}日\)?)")  # a line that is a document number or a date: 青卫发(2023)12号
NOT_ITS_YEAR = re.compile(r"(?:到|(?<!截)至|自|从|由|较|比|力争|预计|计划|规划|目标|[-—~])$")


@dataclass(frozen=True)
class Report:
    """One report. `raw` is the truth; every offset that leaves the program is into it."""

    id: str
    source: str
    raw: str

    @classmethod
    def load(cls, path: str, note: Callable[[str], object] | None = None) -> "Report":
        """Reads a file (`-` = standard input), `note` is told of damage; corpus.read.ReadError when it cannot be read."""
        return cls("stdin" if path == "-" else PurePath(path).stem, path, read_report_text(path, note))

    @cached_property
    def clean(self) -> CleanText:
        """The clean text with its map back."""
        return clean(self.raw)

    @cached_property
    def _lines(self) -> list[str]:
        lines, start = [], 0
        for part in self.clean.text.split("\n"):
            cuts = [start, start + len(part)]
            if FURNITURE.search(part):  # a line of a web page's frame is no half of a paragraph, whatever its length: it ends where the raw line ends
                cuts[1:1] = [i for i in range(start + 1, start + len(part)) if "\n" in self.raw[self.clean.ends[i - 1] : self.clean.starts[i]]]
            lines += [self.clean.text[a:b].strip() for a, b in zip(cuts, cuts[1:])]
            start += len(part) + 1
        return [line for line in lines if line]

    @cached_property
    def _titles(self) -> list[str]:
        """The opening lines that could be a title, the likeliest first: those that name what a report is, with a year before those without."""
        short = [line for line in self._lines[:HEAD_LINES] if 4 <= len(line) <= 60 and re.search("[一-鿿]{3}", line) and not FURNITURE.search(line) and not SECTION.match(line) and "|" not in line and not re.search(r"[。；;,，:]$", line)]
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
    def _headline(self) -> list[str]:
        """The title and the ——subtitle that goes with it."""
        if self.title is None:
            return []
        following = self._lines[self._lines.index(self.title) + 1 :][:1]
        return [self.title, *(line for line in following if line.startswith("—"))]

    @cached_property
    def issuer(self) -> str | None:
        """The body that issued it: what a metadata line names, else the first issuing body of the title, the opening or the closing lines."""
        head = "\n".join(self._lines[:HEAD_LINES])
        said = ISSUER_LINE.search(head)
        named = ISSUER.search(said[1]) if said else None
        if named:
            return named[0]
        for place, prose in (("\n".join(self._titles), False), (head, True), ("\n".join(self._lines[-4:]), True)):
            for match in ISSUER.finditer(place):
                name = LEADING.sub("", match[0])
                if (area := _name_at(name)) and not (prose and self._is_clause(area)):
                    return name
        return None

    @cached_property
    def region(self) -> str | None:
        """The administrative area: of those that issuer, title, opening and closing lines name, the one the text speaks of most."""
        closing = [line for line in self._lines[-4:] if len(line) <= 40]
        for places, prose in ((self._headline, False), ([self.issuer or ""], False), ([*self._titles[1:3], *closing], True), (self._lines[:HEAD_LINES], True)):
            found = Counter({name: self.clean.text.count(name) for place in places for name in _places(place) if not (prose and self._is_clause(name))})
            if found:
                most = max(found.values())
                return max((name for name, count in found.items() if count == most), key=len)
        return None

    def _is_clause(self, name: str) -> bool:
        """Whether what looks like a name is more likely words that run on to a 市 or 县, where it stands in prose."""
        return bool(WORDS.search(name) or RARE.search(name) and self.clean.text.count(name) < 2)

    @cached_property
    def year(self) -> int | None:
        """The year reported on: the title's, else that of the date or document number (not of a 总结, written later), else the one the text speaks of most.

        The first mention counts twice, 到2025年 and 比2021年 not at all, nor what is after the date of publication; of a speech it is the last one.
        """
        latest = date.today().year + 1
        titled = [int(y) for line in [*self._headline, *self._titles[:2]] for y in YEAR.findall(_with_digits(line)) if int(y) <= latest]
        if titled:
            return titled[0]
        frame = "\n".join(self._lines[:HEAD_LINES] + self._lines[-4:])
        dated = [int(y) for y in re.findall(r"(?<!\d)(20[0-4]\d)\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{1,2}", frame)]
        dated += [int(said[1]) for line in [*self._lines[:HEAD_LINES], *self._lines[-4:]] if (said := DATED.fullmatch(_with_digits(line)))]
        if dated:
            latest = min(latest, dated[0])
        text = _with_digits(self.clean.text)
        counts: Counter[int] = Counter()
        for match in YEAR.finditer(text):
            said = int(match[1])
            if said <= latest and not NOT_ITS_YEAR.search(text[max(0, match.start() - 3) : match.start()]):
                counts[said] += 1 if counts else 2
        past, ahead = PAST.search(self.title or ""), AHEAD.search(self.title or "")
        if dated and not past:
            return dated[0]
        if not counts:
            return dated[0] if dated else None
        if ahead and not past:
            return max(counts)
        most = max(counts.values())
        return max(year for year, count in counts.items() if count == most)


def _places(line: str) -> list[str]:
    """Names of areas at the starts of a line's parts: `关于青岚县2023年…` → [青岚县], with what lies in them: 青岚县溪口镇."""
    found = []
    for part in re.split(r"[^一-鿿]+", _with_digits(line)):
        rest = LEADING.sub("", part)
        if name := _name_at(rest):
            deeper = re.match(rf"[一-鿿]{{2,6}}?(?:{_KIND if name[-1] in '省市州盟' else '街道|镇|乡'})", rest[len(name) :])
            found.append(name + (deeper[0] if deeper and _is_name(deeper[0]) else ""))
    return found


def _name_at(words: str) -> str | None:
    """The name of an area with which words begin."""
    match = PLACE.match(words)
    return match[0] if match and _is_name(match[0]) else None


def _is_name(words: str) -> bool:
    return not GENERAL.search(words) and not DESCRIBED.search(words)


def _with_digits(text: str) -> str:
    """Years in Chinese digits in ASCII digits, length kept: 二〇二三年 → 2023年."""
    return HAN_YEAR.sub(lambda match: match[0].translate(HAN_DIGITS), text)
