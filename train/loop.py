"""Fine-tuning: train, score on dev after every epoch with seqeval and annotations.score, keep the best, resume where it stopped."""

import hashlib
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from seqeval.metrics import f1_score
from tqdm import tqdm

from annotations.candidates import LabelledSpan, pairs_of
from annotations.decode import choose_links, log_softmax, sigmoid, spans_of, viterbi
from annotations.schema import ARGUMENTS, DIRECTIONS, LABELS, ROLES, VALUE_LABELS
from annotations.score import Facts, Record, Score, facts_of_gold
from annotations.tags import TAGS
from corpus.characters import Characters
from corpus.plans import Plans
from corpus.report import Report
from train.config import TrainConfig
from train.data import Annotated, Batch, batches, collate, dataset_dict, load_reports, windows_of
from train.model import IndicatorModel, characters_of, keep_layers
from train.released import start_of

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def groups_of(model: IndicatorModel, config: TrainConfig) -> list[dict]:
    """AdamW groups: heads at their own rate, encoder layers decaying downwards, no weight decay on biases and norms."""
    layers = model.encoder.config.num_hidden_layers
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        rate = config.head_rate
        if name.startswith("encoder."):
            parts = name.split(".")
            depth = int(parts[parts.index("layer") + 1]) + 1 if "layer" in parts else 0
            rate = config.rate * config.layer_decay ** (layers - depth)
        decay = config.weight_decay if parameter.dim() >= 2 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": parameters, "lr": rate, "weight_decay": decay} for (rate, decay), parameters in groups.items()]


def schedule(step: int, total: int, warmup: float) -> float:
    """Factor of the rate: linear up, then linear down to zero."""
    rise = max(1, int(total * warmup))
    return step / rise if step < rise else max(0.0, (total - step) / max(1, total - rise))


@torch.no_grad()
def predict(model: IndicatorModel, reports: list[Annotated], chars: Characters, size: int) -> tuple[list[Facts], list[list[str]]]:
    """What the PyTorch model extracts from each report (annotated parts only), on raw offsets, and the tags of every window for seqeval."""
    model.eval()
    facts, paths = [], []
    for raw, report in reports:
        whole = Report(report.id, report.source, raw)
        text, plans = whole.clean, Plans(whole.clean.text, whole.title)
        spans: set[tuple[str, int, int]] = set()
        records: dict[tuple[int, int], Record] = {}
        for window in windows_of(text, report, size):
            piece = text.text[window.start : window.end]
            ids = torch.tensor([[chars.cls, *chars.encode(piece), chars.sep]]).to(DEVICE)
            with torch.autocast(DEVICE, torch.bfloat16):
                states, logits = model.encode(ids, torch.ones_like(ids))
            scores = log_softmax(logits[0, 1:-1].float().cpu().numpy())
            paths.append([TAGS[i] for i in viterbi(scores)])
            found = [LabelledSpan(label, start, end) for label, start, end, _ in spans_of(scores, piece) if window.core_start <= window.start + start < window.core_end]
            if not found:
                continue
            at = [text.to_raw(window.start + s.start, window.start + s.end) for s in found]
            spans |= {(s.label, *place) for s, place in zip(found, at)}
            pairs, features = pairs_of(piece, found)
            rows = torch.tensor([[0, s.start + 1, s.end, LABELS.index(s.label)] for s in found])
            batch = Batch(ids, ids, ids, rows.to(DEVICE), torch.tensor(pairs, dtype=torch.long).reshape(-1, 3).to(DEVICE), torch.tensor(features).to(DEVICE), ids, ids, ids, torch.tensor([plans.hint(window.start + s.start) for s in found]).to(DEVICE))
            links, kinds = model.answer(states.float(), batch)
            chosen = choose_links(pairs, sigmoid(links.cpu().numpy()))
            kinds = kinds.cpu().numpy()
            for i, span in enumerate(found):
                if span.label in VALUE_LABELS:
                    role = ROLES[int(kinds[i, : len(ROLES)].argmax())]
                    direction = int(kinds[i, len(ROLES) :].argmax())
                    arguments = frozenset((key, *at[j]) for key in ARGUMENTS for j, _ in chosen.get(i, {}).get(key, ()))
                    records[at[i]] = Record(span.label, role, DIRECTIONS[direction] if role == "change" and direction < len(DIRECTIONS) else None, arguments)
        facts.append(Facts(frozenset(spans), records))
    return facts, paths


def score_on(model: IndicatorModel, reports: list[Annotated], dataset, chars: Characters, size: int) -> dict[str, float]:
    """annotations.score's totals and seqeval's micro F1 on the same windows."""
    facts, paths = predict(model, reports, chars, size)
    total = Score()
    for (_, report), found in zip(reports, facts):
        total.add(facts_of_gold(report), found)
    gold = [[TAGS[i] for i in row] for row in dataset["tags"]]
    return {**total.totals(), "seqeval_f1": float(f1_score(gold, paths))}


def fine_tune(
    config: TrainConfig, work: Path, resume: bool = False, dev: list[Annotated] | None = None, train: list[Annotated] | None = None, taught: Sequence[dict] = ()
) -> tuple[IndicatorModel, Characters, dict]:
    """Trains and returns the best model of all epochs (by dev usable_f1 + span_f1 + record_f1), its characters and the run's history.

    `train` and `dev` replace the splits of the store; `taught` are rows that a teacher annotated (`train.distill`), read beside them.
    """
    random.seed(config.seed)
    np.random.seed(config.seed)
    torch.manual_seed(config.seed)
    chars = characters_of(config.base)
    weights = start_of(config.init, chars) if config.init else {}  # first, because all that follows takes long
    splits: dict[str, list[Annotated]] = {}
    splits["train"], absent = (train, []) if train is not None else load_reports("train", config)
    splits["dev"] = dev or load_reports("dev", TrainConfig())[0]
    if absent:
        print(f"{len(absent)} annotated texts are not at hand (the external data folder is missing: set ZHIBIAO_DATA); training on the {len(splits['train'])} reports that are", flush=True)
    data, lost = dataset_dict(splits, chars, config.window)
    print({split: {"reports": len(splits[split]), "windows": len(data[split]), **lost[split]} for split in data}, flush=True)
    model = (IndicatorModel.from_config if config.random_encoder else IndicatorModel.from_base)(config.base, hidden_dropout_prob=config.dropout)
    if config.init:
        _begin_with(model, weights, config)
    keep_layers(model.encoder, config.layers)
    if taught and taught[0]["soft_states"].shape[1] != model.encoder.config.hidden_size:
        model.widen = torch.nn.Linear(model.encoder.config.hidden_size, taught[0]["soft_states"].shape[1])
    model = model.float().to(DEVICE)
    optimizer = torch.optim.AdamW(groups_of(model, config))
    rates = [group["lr"] for group in optimizer.param_groups]
    rows = data["train"].to_list() + list(taught)
    per_epoch = len(batches(rows, config.batch, random.Random(0)))
    total_steps = per_epoch * config.epochs
    work.mkdir(parents=True, exist_ok=True)
    begun = {**config.to_json(), "taught": hashlib.sha256(json.dumps([[row["text"], row["spans"]] for row in taught]).encode()).hexdigest() if taught else ""}
    state: dict = {"epoch": 0, "best": -1.0, "history": []}
    if resume and (work / "state.json").exists():
        state = json.loads((work / "state.json").read_text(encoding="utf-8"))
        if state["config"] != {**begun, "epochs": state["config"]["epochs"]}:
            raise ValueError(f"{work}: was begun with another configuration; train without --resume, or with the options it was begun with")
        _restore(model, optimizer, work / "last.safetensors")
        print(f"resuming after epoch {state['epoch']}", flush=True)
    elif resume:
        print(f"{work}: nothing to resume, starting afresh", flush=True)
    state["config"] = begun
    while state["epoch"] < config.epochs:
        epoch, started = state["epoch"], time.monotonic()
        rng = random.Random(config.seed * 1000 + epoch)
        torch.manual_seed(config.seed * 1000 + epoch)
        model.train()
        sums: dict[str, list[float]] = {}
        plan = batches(rows, config.batch, rng)
        for n, chosen in enumerate(tqdm(plan, desc=f"epoch {epoch + 1}/{config.epochs}", unit="batch", mininterval=5)):
            factor = schedule(epoch * per_epoch + n, total_steps, config.warmup)
            for group, rate in zip(optimizer.param_groups, rates):
                group["lr"] = rate * factor
            batch = collate([rows[i] for i in chosen], chars, config.hide).to(DEVICE)
            with torch.autocast(DEVICE, torch.bfloat16):
                losses = model.losses(batch)
            weights = {"tags": 1.0, "states": config.states_weight, "links": config.link_weight, "roles": config.role_weight, "directions": config.role_weight / 2}
            loss = sum(weights[key] * value for key, value in losses.items())
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            for key, value in losses.items():
                told = f"taught_{key}" if batch.soft and key != "states" else key
                sums.setdefault(told, []).append(value.item())
        scores = score_on(model, splits["dev"], data["dev"], chars, config.window)
        state["epoch"] += 1
        row = {"epoch": state["epoch"], "minutes": round((time.monotonic() - started) / 60, 2), "losses": {key: sum(values) / len(values) for key, values in sums.items()}, "dev": scores}
        state["history"].append(row)
        print(json.dumps({k: ({a: round(b, 4) for a, b in v.items()} if isinstance(v, dict) else v) for k, v in row.items()}), flush=True)
        merit = scores["usable_f1"] + scores["span_f1"] + scores["record_f1"]
        if merit > state["best"]:
            state["best"] = merit
            save_file({name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}, work / "best.safetensors")
        _keep(model, optimizer, work / "last.safetensors")
        (work / "state.json").write_text(json.dumps(state), encoding="utf-8")
    model.load_state_dict(load_file(work / "best.safetensors"))
    model.widen = None  # it has served
    return model.eval(), chars, {"history": state["history"], "lost": {k: dict(v) for k, v in lost.items()}, "reports": {k: len(v) for k, v in splits.items()}, "absent": len(absent)}


def _begin_with(model: IndicatorModel, weights: dict[str, torch.Tensor], config: TrainConfig) -> None:
    """Loads a fine-tuned model's weights, which may have fewer layers than the base; ValueError when they are of another shape."""
    weights = {name: tensor for name, tensor in weights.items() if not name.startswith("widen.")}
    layers, there = len({name.split(".")[3] for name in weights if ".layer." in name}), len(model.encoder.encoder.layer)
    if layers > there:
        raise ValueError(f"{config.init}: has {layers} layers, --base {config.base} {there}; give the --base it was trained from")
    keep_layers(model.encoder, layers)
    ours = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    theirs = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    other = [name for name in sorted(ours.keys() | theirs.keys()) if ours.get(name) != theirs.get(name)]
    if other:
        raise ValueError(f"{config.init}: {other[0]} is {theirs.get(other[0], 'missing')}, --base {config.base} has {ours.get(other[0], 'none')}; give the --base it was trained from")
    model.load_state_dict(weights)


def _keep(model: IndicatorModel, optimizer: torch.optim.Optimizer, path: Path) -> None:
    tensors = {f"weight.{name}": tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    for i, parameter in enumerate(p for group in optimizer.param_groups for p in group["params"]):
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{key}.{i}"] = value.detach().cpu().clone()
    part = path.with_suffix(".part")
    save_file(tensors, part)
    part.replace(path)


def _restore(model: IndicatorModel, optimizer: torch.optim.Optimizer, path: Path) -> None:
    tensors = load_file(path)
    model.load_state_dict({name.removeprefix("weight."): t for name, t in tensors.items() if name.startswith("weight.")})
    for i, parameter in enumerate(p for group in optimizer.param_groups for p in group["params"]):
        state = {key: tensors[f"{key}.{i}"] for key in ("step", "exp_avg", "exp_avg_sq") if f"{key}.{i}" in tensors}
        if state:
            optimizer.state[parameter] = {key: value if key == "step" else value.to(parameter.device) for key, value in state.items()}
