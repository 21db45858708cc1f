"""From a model's scores to spans, links and roles: legal-BIO Viterbi and link selection, in numpy, shared by training and inference."""

from collections.abc import Mapping, Sequence

import numpy as np

from annotations.borders import mend
from annotations.candidates import RELATIONS, Pair
from annotations.tags import TAGS, is_legal, tags_to_spans

THRESHOLDS = dict.fromkeys(RELATIONS, 0.5)
OF_FLOOR = 0.1  # a value nearly always has an indicator: the best candidate is taken down to this probability

_LEGAL = np.where([[is_legal(a, b) for b in TAGS] for a in TAGS], 0.0, -1e9).astype(np.float32)
_START = np.where([is_legal(None, tag) for tag in TAGS], 0.0, -1e9).astype(np.float32)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis, in float32."""
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x), safe for large |x|."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def viterbi(log_probs: np.ndarray) -> np.ndarray:
    """The best legal tag path of one text, [L] ids, from log probabilities [L, len(TAGS)]. Forney 1973, constraints instead of a learned matrix."""
    length = len(log_probs)
    back = np.zeros((length, len(TAGS)), dtype=np.int64)
    best = log_probs[0] + _START
    for i in range(1, length):
        scores = best[:, None] + _LEGAL
        back[i] = scores.argmax(0)
        best = scores.max(0) + log_probs[i]
    path = np.empty(length, dtype=np.int64)
    path[-1] = best.argmax()
    for i in range(length - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return path


def spans_of(log_probs: np.ndarray, text: str) -> list[tuple[str, int, int, float]]:
    """(label, start, end, confidence) of the best path over a text, borders mended; confidence = the geometric mean of the tags' probabilities, the border after the span included."""
    if not len(log_probs):
        return []
    confident = log_probs.argmax(-1)
    path = confident if _is_legal_path(confident) else viterbi(log_probs)  # most windows need no search
    found = []
    for label, start, end in tags_to_spans([TAGS[i] for i in path]):
        chosen = [log_probs[i, path[i]] for i in range(start, end)]
        if end < len(path):
            inside = log_probs[end, TAGS.index(f"I-{label}")]
            chosen.append(np.log1p(-min(float(np.exp(inside)), 1 - 1e-6)))
        found.append((label, start, end, float(np.exp(np.mean(chosen)))))
    return mend(text, found)


def _is_legal_path(path: np.ndarray) -> bool:
    return _START[path[0]] == 0 and bool((_LEGAL[path[:-1], path[1:]] == 0).all())


def choose_links(pairs: Sequence[Pair], probabilities: np.ndarray, thresholds: Mapping[str, float] = THRESHOLDS) -> dict[int, dict[str, list[tuple[int, float]]]]:
    """value index → relation → [(argument index, probability)], in text order of the pairs.

    Everything above the relation's threshold is taken; `of` falls back to its best candidate, `vs` and `change_of` keep only their best.
    """
    chosen: dict[int, dict[str, list[tuple[int, float]]]] = {}
    best: dict[tuple[int, str], tuple[int, float]] = {}
    for pair, probability in zip(pairs, probabilities.tolist()):
        relation = RELATIONS[pair.relation]
        key = (pair.value, relation)
        if key not in best or probability > best[key][1]:
            best[key] = (pair.argument, probability)
        if relation not in ("vs", "change_of") and probability >= thresholds[relation]:
            chosen.setdefault(pair.value, {}).setdefault(relation, []).append((pair.argument, probability))
    for (value, relation), (argument, probability) in best.items():
        links = chosen.setdefault(value, {})
        floor = OF_FLOOR if relation == "of" else thresholds[relation]
        if relation in ("of", "vs", "change_of") and not links.get(relation) and probability >= floor:
            links[relation] = [(argument, probability)]
    return chosen
