"""Does a stretch of text speak of what is planned? Section headings and words of intent: evidence for `target` that lies outside a window."""

import re
from bisect import bisect_right

from corpus.sentences import sentence_at, sentences

PLAN = re.compile(r"下一?步|下阶段|打算|计划(?!生育|免疫)|安排|明年|来年|新的一年|今后|展望|思路|工作目标|目标任务|要点|努力方向|规划(?!建设)")
REVIEW = re.compile(r"总结|回顾|成效|成绩|完成情况|落实情况|开展情况|进展|做法|亮点|现状|基础|纪实|公报|工作情况|存在.{0,4}问题")
TOP = re.compile(r"^[一二三四五六七八九十]+、|^第[一二三四五六七八九十]+[章部]")
_DO = "新|再|建|完|投|达|到|开|组|培|招|引|实现|实施|创|争|力|继|全面|逐步|进一步|年内|在20|于20|用"
INTENT = re.compile(rf"力争|争取(?!到)|确保|预计|预期|打算|拟(?={_DO})|计划(?={_DO})|将(?={_DO})|要(?={_DO})|到20\d\d年|20\d\d年底前|年底前|明年|来年|下一步|下阶段|不低于|不少于|不超过")
HINTS = 4  # section of plans or not × words of intent before the place or not


class Plans:
    """Where a clean text plans. A heading holds until the next one of its rank; the title holds for what no heading says."""

    def __init__(self, text: str, title: str | None):
        self._text = text
        self._sentences = sentences(text)
        default = bool(title and PLAN.search(title) and not REVIEW.search(title))
        self._starts = [0]
        self._plans = [default]
        start = 0
        for line in text.split("\n"):
            head = line[:30]
            known = PLAN.search(head) or REVIEW.search(head)
            is_heading = len(line) <= 30 and not re.search(r"[。；;,，]$", line)
            if TOP.match(line) or is_heading and known:
                self._starts.append(start)
                self._plans.append(bool(PLAN.search(head)) and not REVIEW.search(head) if known else default)
            start += len(line) + 1

    def section(self, position: int) -> bool:
        """Whether the section that holds a position is one of plans."""
        return self._plans[bisect_right(self._starts, position) - 1]

    def intent(self, position: int) -> bool:
        """Whether the sentence says a word of intent before a position."""
        return bool(INTENT.search(self._text, sentence_at(self._sentences, position)[0], position))

    def hint(self, position: int) -> int:
        """Both in one number, 0..3."""
        return 2 * self.section(position) + self.intent(position)
