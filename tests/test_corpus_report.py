"""What a report says of itself: title, issuer, region and year, from invented openings."""

from pathlib import Path

import pytest

from corpus.external import external_folder, read_source
from corpus.report import Report

FURNISHED = """索引号：QY-00017
发布机构：青屿县卫生健康局
发布时间：2024-01-09
青屿县2023年卫生健康工作总结
2023年，全县各级医疗机构扎实工作，完成门诊诊疗12万人次。
"""


def report(raw: str) -> Report:
    return Report("id", "source.txt", raw)


def test_a_report_with_a_metadata_block() -> None:
    said = report(FURNISHED)
    assert said.title == "青屿县2023年卫生健康工作总结"
    assert said.issuer == "青屿县卫生健康局"
    assert said.region == "青屿县"
    assert said.year == 2023


def test_traditional_noisy_text_is_named_in_simplified_characters() -> None:
    said = report("青嶼縣衛(wèi)生健康局２０２２年工作總結\n全縣開展義診。\n")
    assert (said.title, said.issuer, said.region, said.year) == ("青屿县卫生健康局2022年工作总结", "青屿县卫生健康局", "青屿县", 2022)


@pytest.mark.parametrize(
    ("title", "region"),
    [
        ("云汀市卫健委2021年工作要点", "云汀市"),
        ("云汀市鹭洲区2021年卫生工作情况", "云汀市鹭洲区"),
        ("2021年鹭洲区卫生工作情况", "鹭洲区"),
        ("全市卫生工作情况通报", None),
        ("禾施土家族苗族自治州2022年工作总结", "禾施土家族苗族自治州"),
        ("漠和浩尔市苏格尔区2022年工作总结", "漠和浩尔市苏格尔区"),
        ("呼和浩特市赛罕区卫生健康局2022年工作总结", "呼和浩特市赛罕区"),
        ("和平区2022年工作总结", "和平区"),
        ("百岭市十里区2022年工作总结", "百岭市十里区"),
        ("岚州市2022年工作总结", "岚州市"),
        ("盐城市云山区2022年工作总结", "盐城市云山区"),
        ("万溪县溪口镇2022年工作总结", "万溪县溪口镇"),
        ("全州县2022年工作总结", "全州县"),
        ("和田地区2022年工作总结", "和田地区"),
        ("二〇二三年青岚县卫生工作总结", "青岚县"),
        ("贫困山区卫生工作情况", None),
        ("农村地区卫生工作情况", None),
        ("各县区卫生工作情况", None),
        ("全县十五家乡镇卫生院工作情况", None),
    ],
)
def test_the_region_of_a_title(title: str, region: str | None) -> None:
    assert report(f"{title}\n一年来工作有序开展。\n").region == region


def test_the_region_that_the_text_names_most_often() -> None:
    assert report("年度工作总结\n今年以来，橘湾市开展义诊。随后，橘湾市召开会议。\n").region == "橘湾市"


@pytest.mark.parametrize(
    ("raw", "year"),
    [
        ("青屿县2020年工作总结\n计划2021年新增床位。2021年还将扩建。\n", 2020),
        ("青屿县工作总结\n2019年接诊3例，2019年义诊2次，2018年1次。\n", 2019),
        ("青屿县工作总结\n发布时间：2017-03-02\n全县开展义诊。\n", 2017),
        ("青屿县工作总结\n全县开展义诊。\n", None),
        ("二〇二三年青岚县卫生工作总结\n到2025年床位达到300张。\n", 2023),
        ("青岚县二○二一年度工作总结\n", 2021),
        ("青岚县工作总结\n二零二二年接诊3例。\n", 2022),
        ("青岚县2024年工作计划\n2023年接诊3例，2023年义诊2次。到2025年建成三家。\n", 2024),
        ("青岚县工作情况\n截至2022年底有床位3张，力争到2025年达到5张，到2025年人人有医生，较2020年增加1张。\n", 2022),
        ("青岚县工作情况\n较2020年增加1张，到2025年达到9张。\n", None),
        ("青岚县专项行动报告\n青卫发〔2021〕12号\n2019年启动，2019年接诊3例。\n", 2021),
        ("青岚县卫生工作总结\n青卫发〔2022〕2号\n2021年接诊3例。\n", 2021),
        ("在卫生工作会议上的讲话\n2023年接诊3例，2023年义诊2次。2024年安排5场。\n", 2024),
        ("青屿县工作总结\n规划到2999年建成，编号012023。\n", None),
    ],
)
def test_the_year(raw: str, year: int | None) -> None:
    assert report(raw).year == year


def test_a_text_that_says_nothing_of_itself() -> None:
    said = report("好。\n")
    assert (said.title, said.issuer, said.region, said.year) == (None, None, None, None)


def test_a_file_becomes_a_report(tmp_path: Path) -> None:
    file = tmp_path / "qingyu.txt"
    file.write_bytes(FURNISHED.encode("gb18030"))
    loaded = Report.load(str(file))
    assert (loaded.id, loaded.source, loaded.raw) == ("qingyu", str(file), FURNISHED)


def test_the_external_folder_is_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIBIAO_DATA", str(tmp_path))
    assert external_folder() == tmp_path
    monkeypatch.setenv("ZHIBIAO_DATA", str(tmp_path / "none"))
    with pytest.raises(NotADirectoryError, match="ZHIBIAO_DATA"):
        external_folder()


def test_a_source_is_read_with_its_line_ends_and_only_from_its_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIBIAO_DATA", str(tmp_path))
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a.txt").write_bytes("甲\r\n乙".encode())
    (tmp_path / "secret.txt").write_bytes("丙".encode())
    assert read_source("a.txt") == "甲\r\n乙"
    assert read_source("none.txt") is None
    assert read_source("../secret.txt") is None


def test_words_that_run_on_to_a_county_are_no_region() -> None:
    assert report("工作座谈会上的讲话\n说他老伴在市里看病，今天当众说给大家听。\n危急关头看得见党旗飘扬。\n").region is None


def test_a_subtitle_names_the_region() -> None:
    assert report("夕阳暖\n——记沂崮县养老服务\n东关镇的老人笑了。沂崮县开展义诊。\n").region == "沂崮县"


def test_a_title_below_a_long_line_of_page_furniture() -> None:
    said = report("发布时间：2024-07-12 17:06　来源：县卫健执法支队　浏览次数：483次　【字号：大　中　小】　打印\n青岚县2024年上半年工作总结\n\n一、监督平稳有序\n全县开展检查。\n")
    assert (said.title, said.region, said.year) == ("青岚县2024年上半年工作总结", "青岚县", 2024)
