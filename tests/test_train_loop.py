"""Training end to end on a tiny BERT built in process: characters as tokens, resume, export, and a model folder that infer can open."""

import json
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tiny import annotated
from transformers import BertConfig, BertForMaskedLM, BertTokenizer

from annotations import store
from annotations.candidates import RELATIONS
from annotations.schema import LABELS, ROLES
from corpus.characters import SPECIALS, Characters
from corpus.report import Report
from infer.model import load
from infer.records import extract
from train import cli, loop
from train.config import TrainConfig
from train.data import batches, collate, dataset_of, rows_of
from train.export import export
from train.model import IndicatorModel, characters_of, keep_layers
from train.released import start_of, weights_of


def test_rows_hold_spans_values_and_links() -> None:
    raw, report = annotated()
    chars = Characters([*SPECIALS, *sorted(set(raw))])
    lost: Counter[str] = Counter()
    (row,) = rows_of(raw, report, chars, 254, lost)
    texts = [row["text"][start:end] for start, end, _ in row["spans"]]
    assert texts == ["2023年", "青岚县", "居民健康素养水平", "31.5%", "上年", "2.1个百分点", "县人民医院", "床位", "120张"]
    said = {(texts[v], RELATIONS[r], texts[a]) for v, a, r in row["links"]}
    assert ("2.1个百分点", "change_of", "31.5%") in said and ("2.1个百分点", "vs", "上年") in said and ("120张", "by", "县人民医院") in said
    assert [ROLES[role] for _, role, _ in row["values"]] == ["actual", "change", "target"]
    assert +lost == Counter({"windows": 1})


def test_a_link_into_another_window_is_counted_not_lost_in_silence() -> None:
    marked = "{甲县|REGION#1}" + "概况如下情况良好" * 40 + "{床位|IND#2}{12张|COUNT of=2 in=1}。"
    raw, report = annotated(marked)
    lost: Counter[str] = Counter()
    rows = list(rows_of(raw, report, Characters([*SPECIALS, *sorted(set(raw))]), 100, lost))
    assert len(rows) == 1 and not lost["in link into another window"]  # one sentence is never cut below 510 characters
    raw, report = annotated("{甲县|REGION#1}" + "概况如下情况良好" * 80 + "{床位|IND#2}{12张|COUNT of=2 in=1}。")
    list(rows_of(raw, report, Characters([*SPECIALS, *sorted(set(raw))]), 100, lost))
    assert lost["in link into another window"] == 1


def test_collate_places_tokens_after_cls_and_asks_every_pair() -> None:
    raw, report = annotated()
    chars = Characters([*SPECIALS, *sorted(set(raw))])
    dataset, _ = dataset_of([(raw, report)], chars, 254)
    batch = collate([dataset[0]], chars)
    _, first, last, label = batch.spans[3].tolist()
    assert "".join(chars.names[i] for i in batch.ids[0, first : last + 1]) == "31.5%" and LABELS[label] == "RATE"
    assert batch.links.sum().item() == sum(len(v.targets()) for v in report.values)
    assert (batch.roles >= 0).sum().item() == len(report.values)


def test_every_window_is_in_one_batch() -> None:
    raw, _ = annotated()
    chars = Characters([*SPECIALS, *sorted(set(raw))])
    dataset, _ = dataset_of([annotated(id_=f"t{i}") for i in range(7)], chars, 20)
    plan = batches(dataset.to_list(), 3, random.Random(1))
    assert sorted(i for batch in plan for i in batch) == list(range(len(dataset)))


def test_gold_and_taught_rows_never_share_a_batch() -> None:
    rows = [{"input_ids": [1] * n} for n in range(1, 8)] + [{"input_ids": [1] * n, "soft_tags": None} for n in range(1, 6)]
    plan = batches(rows, 3, random.Random(1))
    assert sorted(i for batch in plan for i in batch) == list(range(12))
    assert all(len({"soft_tags" in rows[i] for i in batch}) == 1 for batch in plan)


def test_more_layers_than_there_are_is_refused(tiny: Path) -> None:
    with pytest.raises(ValueError, match="--layers 3: the encoder has 2"):
        keep_layers(IndicatorModel.from_base(str(tiny)).encoder, 3)


def test_any_tokenizer_is_read_character_by_character(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("\n".join([*SPECIALS, "健", "康", "##康", "12"]), encoding="utf-8")
    BertTokenizer(str(tmp_path / "words.txt")).save_pretrained(tmp_path / "hub")
    (tmp_path / "hub" / "vocab.txt").unlink(missing_ok=True)
    BertForMaskedLM(BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)).save_pretrained(tmp_path / "hub")
    chars = characters_of(str(tmp_path / "hub"))
    assert chars.encode("健康1") == [chars.ids["健"], chars.ids["康"], chars.unknown]


@pytest.mark.slow
def test_tiny_bert_learns_resumes_exports_and_is_read_by_infer(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reports = [annotated(id_=f"t{i}") for i in range(12)]
    monkeypatch.setattr(loop, "load_reports", lambda split, config: (reports, []))
    config = TrainConfig(base=str(tiny), name="tiny", epochs=30, batch=4, rate=3e-3, head_rate=3e-3, warmup=0.05, layer_decay=1.0)
    half = TrainConfig(**{**config.to_json(), "epochs": 15})
    loop.fine_tune(half, tmp_path / "work", dev=reports[:1])
    model, chars, history = loop.fine_tune(config, tmp_path / "work", resume=True, dev=reports[:1])
    assert [row["epoch"] for row in history["history"]] == list(range(1, 31))
    assert history["history"][-1]["dev"]["span_f1"] > 0.9, "a model that cannot learn one sentence by heart is broken"
    row = next(iter(rows_of(*reports[0], chars, 254, Counter())))
    run = export(model, chars, config, history, tmp_path / "models" / "tiny", [row["input_ids"]])
    assert run["checks"]["fp32_worst_logit"] < 2e-3
    opened = load(tmp_path / "models" / "tiny")
    raw = reports[0][0]
    output = extract(Report("t", "t.txt", raw), opened)
    values = {record["value"]["text"]: record for record in output["indicators"]}
    assert values["31.5%"]["value"]["number"] == 0.315 and values["31.5%"]["indicator"]["name"] == "居民健康素养水平"
    for entity in output["entities"]:
        assert raw[entity["start"] : entity["end"]] == entity["text"]
    assert json.loads((tmp_path / "models" / "tiny" / "run.json").read_text(encoding="utf-8"))["files"].keys() == run["files"].keys()
    trained = model.state_dict()
    again = weights_of(tmp_path / "models" / "tiny", chars)
    assert again.keys() == trained.keys()
    for name, tensor in again.items():
        assert torch.allclose(tensor, trained[name], atol=1e-6), name
    (tmp_path / "models" / "tiny" / "tagger.onnx").unlink()  # a released folder has the int8 one alone
    for name, tensor in weights_of(tmp_path / "models" / "tiny", chars).items():
        step = trained[name].abs().max() / 127
        assert (tensor - trained[name]).abs().max() <= 0.51 * step + 1e-6, name
    more = TrainConfig(**{**config.to_json(), "epochs": 1, "rate": 1e-4, "init": str(tmp_path / "models" / "tiny")})
    _, _, history = loop.fine_tune(more, tmp_path / "more", dev=reports[:1])
    assert history["history"][0]["dev"]["span_f1"] > 0.9, "a start from a released folder must know what the folder knew"


@pytest.fixture
def released(tiny: Path, tmp_path: Path) -> Path:
    """A model folder of a tiny BERT, no two parameters of which are equal."""
    torch.manual_seed(0)  # of some random models int8 changes more than the export allows
    chars, model = characters_of(str(tiny)), IndicatorModel.from_base(str(tiny))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    export(model, chars, TrainConfig(base=str(tiny)), {"history": [], "reports": {"train": 0, "dev": 0}, "absent": 0}, tmp_path / "released", [[5, 6, 7]])
    return tmp_path / "released"


@pytest.mark.parametrize(
    ("file", "said"),
    [("tagger.int8.onnx", "missing or altered"), ("heads.onnx", "missing or altered"), ("run.json", "no weights to go on from"), ("vocab.txt", "vocabulary")],
)
def test_a_damaged_folder_is_no_start(tiny: Path, released: Path, file: str, said: str) -> None:
    (released / "tagger.onnx").unlink()
    (released / file).write_bytes(b"\x08damaged")
    with pytest.raises(ValueError, match=said) as caught:
        weights_of(released, characters_of(str(tiny)))
    assert len(str(caught.value).splitlines()) == 1


def test_an_old_fp32_tagger_beside_new_weights_is_not_taken(tiny: Path, released: Path) -> None:
    before = weights_of(released, characters_of(str(tiny)))
    (released / "tagger.onnx").write_bytes(b"of another release")
    after = weights_of(released, characters_of(str(tiny)))
    assert before.keys() == after.keys()


def test_neither_a_damaged_file_nor_an_empty_folder_is_a_start(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "best.safetensors").write_bytes(b"no tensors")
    for path in (tmp_path / "best.safetensors", tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ValueError, match="no weights to go on from"):
            weights_of(path, characters_of(str(tiny)))


def test_several_starts_are_averaged_when_they_have_one_shape(tiny: Path, tmp_path: Path) -> None:
    chars = characters_of(str(tiny))
    weights = IndicatorModel.from_base(str(tiny)).state_dict()
    for name, step in (("a", 0.0), ("b", 3.0), ("c", 6.0)):
        save_file({key: tensor + step for key, tensor in weights.items()}, tmp_path / name)
    soup = start_of(",".join(str(tmp_path / name) for name in "abc"), chars)
    assert soup.keys() == weights.keys() and all(torch.allclose(soup[key], tensor + 3.0, atol=1e-5) for key, tensor in weights.items())
    save_file({**weights, "tagger.bias": torch.zeros(3)}, tmp_path / "d")
    with pytest.raises(ValueError, match="d is of another shape"):
        start_of(f"{tmp_path / 'a'},{tmp_path / 'd'}", chars)


def test_weights_of_another_shape_are_named_in_one_line(tiny: Path) -> None:
    model = IndicatorModel.from_base(str(tiny))
    weights = {**model.state_dict(), "tagger.bias": torch.zeros(3)}
    with pytest.raises(ValueError, match=re.escape("tagger.bias is (3,), --base")) as caught:
        loop._begin_with(model, weights, TrainConfig(base=str(tiny), init="somewhere"))
    assert len(str(caught.value).splitlines()) == 1


def test_a_model_is_not_replaced_by_what_goes_on_from_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--init", f"{tmp_path / 'other'},{tmp_path / 'mine'}", "--name", "mine", "--models", str(tmp_path)]) == 2
    assert "would replace it" in capsys.readouterr().err


def test_model_gives_one_answer_a_pair_and_span(tiny: Path) -> None:
    raw, report = annotated()
    model = IndicatorModel.from_base(str(tiny)).eval()
    dataset, _ = dataset_of([(raw, report)], characters_of(str(tiny)), 254)
    batch = collate([dataset[0]], characters_of(str(tiny)))
    with torch.no_grad():
        states, logits = model.encode(batch.ids, batch.attention)
        links, kinds = model.answer(states, batch)
    assert links.shape == batch.links.shape and kinds.shape == (len(batch.spans), len(ROLES) + 3)
    assert np.isfinite(logits.numpy()).all()


def test_shipped_annotations_are_read_without_the_external_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.external.external_folder", lambda: None)
    assert sum(1 for _ in store.load(store.DATA / "train.jsonl")) >= 100
