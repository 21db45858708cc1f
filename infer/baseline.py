"""A rule baseline, the thing to beat: values and entities by pattern, arguments = the nearest span of the right type in the clause."""

import re
from bisect import bisect_left
from collections.abc import Sequence

from annotations.candidates import LabelledSpan
from annotations.schema import ARGUMENTS, VALUE_LABELS
from corpus.report import Report
from infer.link import LinkedValue
from infer.records import assemble

_NUMBER = r"(?:\d[\d,]*(?:\.\d+)?|[一二三四五六七八九十百两]+)"
_BEFORE = r"(?:约|近|超过?|逾|不少于|不低于|至少|不足|低于|高于)?"
_AFTER = r"(?:及?以上|及?以下|以内|左右|内)?"
_MORE = r"[余多]?[十百千万亿]*[余多]?"
PATTERNS = (
    ("PERIOD", re.compile(r"(?:截至|截止)?(?:\d{4}年(?:\d{1,2}月(?:\d{1,2}日|底)?|度|底|初)?|\d{1,2}(?:[-—至]\d{1,2})?月份?(?:\d{1,2}日|底)?|今年以来|今年|去年|上年|全年|明年|年底|上半年|前三季度)")),
    ("RATE", re.compile(rf"{_BEFORE}\d+(?:\.\d+)?(?:[-—~]\d+(?:\.\d+)?)?(?:%|‰|/10万|个百分点|倍){_AFTER}")),
    ("MONEY", re.compile(rf"(?:每人每[月年]|每人)?{_BEFORE}{_NUMBER}{_MORE}元(?:/[人年月]+)?{_AFTER}")),
    ("MEASURE", re.compile(rf"{_BEFORE}{_NUMBER}{_MORE}(?:平方米|公里|亩|吨|分钟|小时|岁|天|米|公斤|千克){_AFTER}")),
    ("RANK", re.compile(r"(?:第[一二三四五六七八九十\d]+(?:名|位)?|前[一二三四五六七八九十\d]+名)(?![届批次期人中小医个章条附])")),
    ("COUNT", re.compile(rf"{_BEFORE}\d[\d,]*(?:\.\d+)?{_MORE}(?:人次|人份|例次|场次|家次|大类|个|名|家|人|例|次|户|件|份|项|场|张|台|所|支|处|期|种|条|辆|只|对|间|起|套|批|篇|门|株|座|块|袋|盒|单|位|封|本|幅|轮|组|队|宗|段|班|管|剂|针|床|棵|把){_AFTER}")),
    ("REGION", re.compile(r"全(?:国|省|市|县|区|州|旗|盟|镇|乡|域)|我(?:省|市|县|区|州|旗)|(?<=[,。、;在赴由到])[一-鿿]{2}(?:省|市|县|区|州|旗|镇|乡)(?![委直属级政府卫人医中妇疾立内外直])")),
    ("INST", re.compile(r"(?:[省市县区州旗乡镇][一-鿿]{0,6}|[一-鿿]{2,6}(?:街道|镇|乡|市|县|区)[一-鿿]{0,6})(?:医院|卫生院|卫生服务中心|疾控中心|疾病预防控制中心|保健院|卫健委|卫健局|卫生健康局|卫生健康委员会|卫生健康委|中心血站|卫生监督所)|(?:[省市县区]委|[省市县区]政府)")),
    ("PROG", re.compile(r"“[^”\n]{2,12}”(?:攻坚|专项|专项整治)?(?:行动|工程|计划|活动|项目|服务|模式|机制)|(?:家庭医生签约服务|基本公共卫生服务|分级诊疗|医养结合|健康扶贫|公立医院改革|医药卫生体制改革|乡村振兴)")),
)  # fmt: skip
_CLAUSE = re.compile(r"[,，。;；:：!?！？\n]")
_STOP = re.compile(r"[。\n]")
_VERBS = re.compile(r"^(?:其中|共|全年|累计|完成|开展|新增|建成|举办|建立|组织|设立|设置|发放|培训|达到?|为|已|有|拥有|现有|实现|投入|处理|查处|立案|检查|新建|改建|创建|成立|聘请|引进|招聘|接诊|了|各类|约|的|及|和|与|、)+|(?:达到?|为|共|约|已|已达|保持在|提高到|增加到|控制在|在|了|是|有|至|的|累计)+$")
_TARGET = re.compile(r"力争|计划|预计|争取|目标|到20\d\d年|确保|将")
_CHANGE = re.compile(r"(提高|增长|增加|上升|提升)了?$|(下降|减少|降低)了?$")


def extract(report: Report) -> dict:
    """One report's output object, by rule."""
    text = report.clean.text
    spans = _spans(text)
    starts = [span.start for span in spans]
    stops = [match.start() for match in _STOP.finditer(text)]
    entities, linked = list(spans), []
    for span in spans:
        if span.label in VALUE_LABELS:
            clause = _clause(text, span)
            at = bisect_left(starts, span.start)
            name = _name(text, span, clause, spans[bisect_left(starts, clause[0]) : at], spans[at + 1 : at + 2])
            same_sentence = spans[bisect_left(starts, _sentence_start(stops, span)) : at]
            links = {key: [near] for key, label in ARGUMENTS.items() if key != "of" and (near := _nearest(same_sentence, label))}
            if name:
                entities.append(name)
                links["of"] = [name]
            before = text[clause[0] : span.start]
            change = _CHANGE.search(before)
            role = "change" if change else "target" if _TARGET.search(before) else "actual"
            linked.append(LinkedValue(span, role, ("up" if change[1] else "down") if change else None, links, 0.5, -0.7))
    unique = sorted({span: 0.5 for span in entities}.items(), key=lambda item: item[0].start)
    return assemble(report, unique, linked, {"name": "rules", "version": "1"}, None)


def _spans(text: str) -> list[LabelledSpan]:
    taken = bytearray(len(text))
    found = []
    for label, pattern in PATTERNS:
        for match in pattern.finditer(text):
            if not any(taken[match.start() : match.end()]):
                taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
                found.append(LabelledSpan(label, match.start(), match.end()))
    return sorted(found, key=lambda span: span.start)


def _clause(text: str, span: LabelledSpan) -> tuple[int, int]:
    start = max((m.end() for m in _CLAUSE.finditer(text, max(0, span.start - 80), span.start)), default=max(0, span.start - 80))
    after = _CLAUSE.search(text, span.end, span.end + 40)
    return start, after.start() if after else min(len(text), span.end + 40)


def _sentence_start(stops: Sequence[int], span: LabelledSpan) -> int:
    before = bisect_left(stops, span.start)
    return stops[before - 1] + 1 if before else 0


def _name(text: str, span: LabelledSpan, clause: tuple[int, int], before: Sequence[LabelledSpan], after: Sequence[LabelledSpan]) -> LabelledSpan | None:
    """The words between the last span of the clause (or its start) and the value, verbs cut off; what follows the value when nothing precedes it."""
    left = max([clause[0], *(s.end for s in before), text.rfind("、", clause[0], span.start) + 1])
    for start, end in ((left, span.start), (span.end, min([clause[1], *(s.start for s in after)]))):
        words = text[start:end].split("、")[0]
        core = words
        while (cut := _VERBS.sub("", core)) != core:
            core = cut
        if len(core) >= 2 and core in words:
            at = start + words.index(core)
            return LabelledSpan("IND", at, at + len(core))
    return None


def _nearest(before: Sequence[LabelledSpan], label: str) -> LabelledSpan | None:
    return next((span for span in reversed(before) if span.label == label), None)
