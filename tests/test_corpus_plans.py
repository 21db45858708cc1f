"""Sections of plans and words of intent, planted in an invented summary."""

import pytest

from corpus.plans import Plans

TEXT = "青岚县2023年卫生健康工作总结及2024年工作计划\n一、2023年工作成效\n(一)服务能力提升。新建村卫生室36个。\n二、存在问题\n床位不足。\n三、2024年工作计划\n(一)强基层。新增床位120张。\n(二)惠民生。力争签约率达到80%。"


@pytest.mark.parametrize(("words", "section", "intent"), [("36个", False, False), ("不足", False, False), ("120张", True, False), ("80%", True, True)])
def test_a_heading_holds_until_the_next_of_its_rank(words: str, section: bool, intent: bool) -> None:
    plans = Plans(TEXT, TEXT.split("\n")[0])
    position = TEXT.index(words)
    assert TEXT[position : position + len(words)] == words
    assert (plans.section(position), plans.intent(position)) == (section, intent)
    assert plans.hint(position) == 2 * section + intent


@pytest.mark.parametrize(("title", "planned"), [("2024年工作要点", True), ("2023年工作总结", False), ("2023年工作总结及2024年打算", False), (None, False)])
def test_the_title_holds_where_no_heading_speaks(title: str | None, planned: bool) -> None:
    assert Plans("新增床位120张。", title).section(4) is planned


def test_intent_must_stand_before_the_figure_in_its_sentence() -> None:
    text = "力争新增床位120张。已建成36个,明年再看。"
    plans = Plans(text, None)
    assert plans.intent(text.index("120")) and not plans.intent(text.index("36"))
