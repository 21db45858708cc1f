"""Pre-training: rows, whole-unit masks, held-out documents, a tiny run that is interrupted and goes on."""

import json
import lzma
import random
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM

from corpus.characters import SPECIALS, Characters
from train import pretrain
from train.base import fitted_vocabulary, gb2312
from train.pretrain import PretrainConfig, batch_of, documents, is_held_out, rows_of

TEXT = "全县建成标准化村卫生室126个,门诊量达到35.2万人次,比上年增长8.6%。家庭医生签约服务稳步推进,群众满意度持续提升。"


def corpus_file(folder: Path, count: int = 200) -> Path:
    """Documents that differ, some of which fall to the held-out share."""
    path = folder / "text.txt.xz"
    with lzma.open(path, "wt", encoding="utf-8") as out:
        out.write("\n\n".join(f"第{i}号报告。" + TEXT * 3 for i in range(count)))
    return path


def test_documents_are_folded_simplified_and_separated_by_blank_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("衛生 健康\n９５％\n\n第二篇\n", encoding="utf-8")
    assert list(documents(tmp_path / "a.txt")) == ["卫生健康95%", "第二篇"]


def test_a_number_is_one_unit_and_is_masked_whole() -> None:
    (row,) = rows_of("门诊量352.7万人次增长", 40, None)
    text, _, begins = row
    at = text.index("352.7")
    assert begins[at : at + 5] == [1, 0, 0, 0, 0]
    chars = Characters([*SPECIALS, *sorted(set(text))])
    for seed in range(40):
        _, _, positions, labels, _ = batch_of([row], chars, PretrainConfig(length=48, batch=1), random.Random(seed))
        hidden = {int(p) - 1 for p in positions}
        inside = hidden & set(range(at, at + 5))
        assert not inside or len(inside) == 5 or len(hidden) == int(0.15 * 48)  # only the last unit taken may be cut to keep the number of masks fixed
        assert [chars.names[i] for i in labels.tolist()] == [text[int(p) - 1] for p in positions]


def test_held_out_documents_are_a_fixed_small_share() -> None:
    held = [i for i in range(3000) if is_held_out(f"第{i}号报告。{TEXT}")]
    assert 20 < len(held) < 90
    assert held == [i for i in range(3000) if is_held_out(f"第{i}号报告。{TEXT}")]


def test_vocabulary_fits_gb2312_and_drops_what_normalising_removes() -> None:
    new = fitted_vocabulary(Characters([*SPECIALS, "健", "衛", "卫", "％", "%"]))
    assert len(gb2312()) == 6763
    assert "衛" not in new.ids and "％" not in new.ids and "卫" in new.ids and "①" in new.ids
    assert new.unknown_rate("崂山区谯城区毖讫篙①") == 0


@pytest.mark.slow
def test_a_run_learns_stops_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = corpus_file(tmp_path, 1500)
    chars = Characters([*SPECIALS, *sorted(set(TEXT) | set("第号报告。0123456789"))])
    base = tmp_path / "base"
    base.mkdir()
    chars.save(base / "vocab.txt")
    torch.manual_seed(0)
    BertForMaskedLM(BertConfig(vocab_size=len(chars), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, max_position_embeddings=64)).save_pretrained(base)
    options = ["--base", str(base), "--text", f"{text}=2", "--out", str(tmp_path / "out"), "--length", "48", "--batch", "16", "--rate", "5e-3", "--silver", "0"]
    assert pretrain.main([*options, "--steps", "20"]) == 0
    assert pretrain.main([*options, "--steps", "200", "--resume"]) == 0
    log = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    held = [row["masked_loss"] for row in log if "masked_loss" in row]
    assert held[-1] < 0.7 * held[0]
    assert json.loads((tmp_path / "out" / "pretrain.json").read_text(encoding="utf-8"))["step"] == 200
    assert Characters.load(tmp_path / "out" / "vocab.txt").names == chars.names
    assert '"step": 200' in capsys.readouterr().out


def test_too_little_text_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("太短。", encoding="utf-8")
    with pytest.raises(ValueError, match="held-out rows"):
        pretrain.held_out_batches([(tmp_path / "a.txt", 1.0)], Characters([*SPECIALS, "太"]), PretrainConfig(), None, 1)


@pytest.mark.slow
def test_resuming_with_other_options_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = corpus_file(tmp_path, 1500)
    chars = Characters([*SPECIALS, *sorted(set(TEXT) | set("第号报告。0123456789"))])
    (tmp_path / "base").mkdir()
    chars.save(tmp_path / "base" / "vocab.txt")
    BertForMaskedLM(BertConfig(vocab_size=len(chars), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_position_embeddings=64)).save_pretrained(tmp_path / "base")
    options = ["--base", str(tmp_path / "base"), "--text", str(text), "--out", str(tmp_path / "out"), "--length", "48", "--batch", "8", "--silver", "0"]
    assert pretrain.main([*options, "--steps", "2", "--layers", "1"]) == 0
    assert pretrain.main([*options, "--steps", "4", "--resume"]) == 2
    assert "begun with other options" in capsys.readouterr().err
