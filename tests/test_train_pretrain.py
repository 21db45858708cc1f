"""Pre-training: rows, whole-unit masks, held-out documents, a tiny run that is interrupted and goes on."""

import json
import lzma
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForMaskedLM

from corpus.characters import SPECIALS, Characters
from train import pretrain, rawtext
from train.base import fitted_vocabulary, gb2312
from train.pretrain import Batches, PretrainConfig, Rows, draw, rows_of
from train.rawtext import NO_TAG, RawText, begins_of, documents, encode, is_held_out

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


def raw_of(*texts: str, tags: list[int] | None = None, names: tuple[str, ...] = (), held: int = 0) -> tuple[RawText, Characters]:
    """Documents as `encode` makes them, over their own characters."""
    chars = Characters([*SPECIALS, *sorted(set("".join(texts)))])
    begins = np.concatenate([begins_of(text, tags or [NO_TAG] * len(text), names) for text in texts])
    ids = torch.tensor([i for text in texts for i in chars.encode(text)], dtype=torch.int16)
    ends = torch.tensor([len(text) for text in texts]).cumsum(0)
    made = RawText(ids, torch.tensor(tags or [NO_TAG] * len(ids), dtype=torch.uint8), torch.from_numpy(begins), ends, torch.zeros(len(texts), dtype=torch.uint8), torch.full((len(texts),), held, dtype=torch.uint8), ["a.txt"], [1.0], list(names), "")
    return made, chars


def test_a_number_is_one_unit_and_is_masked_whole() -> None:
    text = "门诊量352.7万人次增长"
    raw, chars = raw_of(text, tags=[0] * len(text), names=("w-B", "w-I"))  # every character a word
    at = text.index("352.7")
    assert raw.begins[at : at + 5].tolist() == [1, 0, 0, 0, 0]
    batch_of = Batches(raw, rows_of(raw, 46, held=False), chars, PretrainConfig(length=48, batch=1), "cpu")
    whole = 0
    for seed in range(60):
        batch_of.generator.manual_seed(seed)
        ids, attention, positions, labels, _ = batch_of(torch.tensor([0]))
        assert (ids[0, 0], ids[0, len(text) + 1], int(attention.sum())) == (chars.cls, chars.sep, len(text) + 2)
        assert [chars.names[i] for i in labels.tolist()] == [text[int(p) - 1] for p in positions]
        order = [int(p) - 1 for p in positions]  # units come one after the other: only the last one taken may be cut to keep the number of masks fixed
        inside = [i for i in order if at <= i < at + 5]
        assert len(inside) in (0, 5) or order[-1] in inside
        whole += len(inside) == 5
    assert whole > 5


def test_words_of_lac_are_units_and_long_ones_are_cut() -> None:
    text = "县人民医院家庭医生签约服务开展"
    names = ("n-B", "n-I")
    tags = [0] + [1] * 4 + [0] + [1] * 7 + [0, 1]
    raw, _ = raw_of(text, tags=tags, names=names)
    assert [text[i] for i in raw.begins.nonzero().flatten().tolist()] == ["县", "家", "服", "开"]  # the word of 8 is cut after LONGEST = 6
    date = "2023年10月15日上午"
    assert [date[i] for i in begins_of(date, [0] + [1] * 12, names).nonzero()[0]] == ["2", "月"], "a number is never cut, what follows it is"
    batch_of = Batches(raw, rows_of(raw, 18, held=False), Characters([*SPECIALS, *sorted(set(text))]), PretrainConfig(length=20, batch=1, mask=0.95), "cpu")
    ids, _, positions, labels, silver = batch_of(torch.tensor([0]))
    assert silver[0].tolist() == [-100, *tags, -100, -100, -100, -100]
    assert int((labels == -100).sum()) == len(positions) - len(text) > 0, "more masks than characters: the rest asks nothing"
    assert not (ids[0, :1] == 4).any() and (ids[0, len(text) + 2 :] == 0).all(), "frame and padding are never masked"


def test_rows_read_on_over_neighbouring_documents_and_leave_short_rests_out() -> None:
    raw, _ = raw_of("一" * 7, "二" * 7, "三" * 7)
    rows = rows_of(raw, 8, held=False)
    assert (rows.starts.tolist(), rows.lengths.tolist()) == ([0, 8, 16], [8, 8, 5])
    assert not len(rows_of(raw, 8, held=True).starts)
    assert rows_of(raw, 20, held=False).lengths.tolist() == [20]  # the rest of one character is below a quarter


def test_rows_never_join_files_or_what_is_held_out() -> None:
    raw, _ = raw_of("一" * 8, "二" * 8, "三" * 8, "四" * 8)
    raw = replace(raw, sources=torch.tensor([0, 0, 1, 1], dtype=torch.uint8), held=torch.tensor([0, 1, 0, 0], dtype=torch.uint8))
    rows = rows_of(raw, 12, held=False)
    assert (rows.starts.tolist(), rows.lengths.tolist(), rows.sources.tolist()) == ([0, 16, 28], [8, 12, 4], [0, 1, 1])
    held = rows_of(raw, 12, held=True)
    assert (held.starts.tolist(), held.lengths.tolist()) == ([8], [8])


def test_files_are_drawn_by_weight_and_every_row_comes_in_every_round() -> None:
    rows = Rows(torch.arange(30), torch.full((30,), 8), torch.tensor([0] * 10 + [1] * 20))
    drawn = draw(rows, [3.0, 1.0], 40, torch.Generator().manual_seed(0))
    seen = torch.cat([next(drawn) for _ in range(50)])
    assert 1400 < int((seen < 10).sum()) < 1600
    counts = torch.bincount(seen, minlength=30)
    assert counts[:10].max() - counts[:10].min() <= 1 and counts[10:].max() - counts[10:].min() <= 1


def test_what_was_made_ready_is_read_back_and_another_vocabulary_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("卫生健康95%。\n\n医院三家。\n", encoding="utf-8")
    chars = Characters([*SPECIALS, *sorted(set("卫生健康95%。医院三家"))])
    made = encode([(tmp_path / "a.txt", 2.0)], chars, None)
    made.save(tmp_path / "raw.safetensors")
    read = RawText.load(tmp_path / "raw.safetensors", chars)
    assert read.ends.tolist() == [8, 13] and read.files == ["a.txt"] and read.weights == [2.0]
    assert "".join(chars.names[i] for i in read.ids.tolist()) == "卫生健康95%。医院三家。"
    with pytest.raises(ValueError, match="another vocabulary"):
        RawText.load(tmp_path / "raw.safetensors", Characters([*SPECIALS, "卫"]))
    (tmp_path / "raw.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="made ready"):
        RawText.load(tmp_path / "raw.safetensors", chars)


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
    options = ["--base", str(base), "--raw", str(tmp_path / "raw.safetensors"), "--out", str(tmp_path / "out"), "--length", "48", "--batch", "16", "--rate", "5e-3", "--silver", "0"]
    assert rawtext.main(["--base", str(base), "--text", f"{text}=2", "--no-lac", "--out", str(tmp_path / "raw.safetensors")]) == 0
    assert pretrain.main([*options, "--steps", "20"]) == 0
    assert pretrain.main([*options, "--steps", "400", "--resume"]) == 0
    log = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    held = [row["masked_loss"] for row in log if "masked_loss" in row]
    assert held[-1] < 0.87 * held[0]  # below what the frequency of characters alone would give (0.9)
    assert json.loads((tmp_path / "out" / "pretrain.json").read_text(encoding="utf-8"))["step"] == 400
    assert Characters.load(tmp_path / "out" / "vocab.txt").names == chars.names
    assert '"step": 400' in capsys.readouterr().out


@pytest.mark.parametrize(("text", "said"), [("a.txt=x", "is no weight"), ("a.txt=0", "above 0"), ("a.txt=nan", "above 0"), ("none.txt", "no such text file"), ("broken.xz", "rawtext: ")])
def test_a_text_that_cannot_be_read_is_one_line_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("文字。\n", encoding="utf-8")
    Path("broken.xz").write_bytes(b"no xz")
    Path("vocab.txt").write_text("\n".join(SPECIALS) + "\n", encoding="utf-8")
    assert rawtext.main(["--base", ".", "--text", text, "--no-lac", "--out", "raw.safetensors"]) == 2
    err = [line for line in capsys.readouterr().err.splitlines() if line.startswith("rawtext: ")]
    assert len(err) == 1 and said in err[0]
    assert not Path("raw.safetensors").exists()


def test_too_little_text_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, chars = raw_of("太短。")
    with pytest.raises(ValueError, match="held-out rows"):
        pretrain.held_out_batches(raw, chars, PretrainConfig(), 1)
    with pytest.raises(ValueError, match="too short for a single row"):
        next(draw(rows_of(raw, 126, held=False), [1.0], 4, torch.Generator()))
    (tmp_path / "a.txt").write_text("\n\n", encoding="utf-8")
    (tmp_path / "vocab.txt").write_text("\n".join(SPECIALS) + "\n", encoding="utf-8")
    assert rawtext.main(["--base", str(tmp_path), "--text", str(tmp_path / "a.txt"), "--no-lac", "--out", str(tmp_path / "raw.safetensors")]) == 2
    assert "no document in it" in capsys.readouterr().err


@pytest.mark.slow
def test_resuming_with_other_options_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = corpus_file(tmp_path, 1500)
    chars = Characters([*SPECIALS, *sorted(set(TEXT) | set("第号报告。0123456789"))])
    (tmp_path / "base").mkdir()
    chars.save(tmp_path / "base" / "vocab.txt")
    BertForMaskedLM(BertConfig(vocab_size=len(chars), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_position_embeddings=64)).save_pretrained(tmp_path / "base")
    options = ["--base", str(tmp_path / "base"), "--raw", str(tmp_path / "raw.safetensors"), "--out", str(tmp_path / "out"), "--length", "48", "--batch", "8", "--silver", "0"]
    assert rawtext.main(["--base", str(tmp_path / "base"), "--text", str(text), "--no-lac", "--out", str(tmp_path / "raw.safetensors")]) == 0
    assert pretrain.main([*options, "--steps", "2", "--layers", "1"]) == 0
    assert pretrain.main([*options, "--steps", "4", "--resume"]) == 2
    assert "begun with other options" in capsys.readouterr().err
    assert rawtext.main(["--base", str(tmp_path / "base"), "--text", f"{text}=3", "--no-lac", "--out", str(tmp_path / "raw.safetensors")]) == 0
    assert pretrain.main([*options, "--steps", "4", "--layers", "1", "--resume"]) == 2
    assert "another text" in capsys.readouterr().err
    for wrong in (["--length", "128"], ["--length", "2"], ["--mask", "1.5"]):
        assert pretrain.main([*options, *wrong, "--steps", "1"]) == 2
        assert "8 to 64 tokens" in capsys.readouterr().err
    assert pretrain.main([*options, "--raw", str(text), "--steps", "1"]) == 2
    assert "python -m train.rawtext" in capsys.readouterr().err
