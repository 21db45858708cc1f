"""Tagged windows → linked values: which spans each value points at, its role and direction, and how sure the model is."""

from dataclasses import dataclass, field

import numpy as np

from annotations.candidates import LabelledSpan, pairs_of
from annotations.decode import THRESHOLDS, choose_links, log_softmax, sigmoid
from annotations.schema import DIRECTIONS, LABELS, ROLES, VALUE_LABELS
from corpus.plans import Plans
from infer.model import Model, run_heads
from infer.tagger import Tagged

SURE = 1e-4  # a probability is never taken to be nearer to 0 or 1


@dataclass(frozen=True)
class LinkedValue:
    """A value span and what it says, in clean offsets. `certainty` = log of the chance that value, role and every link are right, before calibration."""

    span: LabelledSpan
    role: str
    direction: str | None
    links: dict[str, list[LabelledSpan]] = field(default_factory=dict)
    confidence: float = 0.0
    certainty: float = 0.0


def link(text: str, tagged: list[Tagged], model: Model, title: str | None = None) -> tuple[list[tuple[LabelledSpan, float]], list[LinkedValue]]:
    """The entities (with confidences) and linked values of a clean text, both in text order.

    A value is read in the window whose core holds it; an argument that the window sees but no core kept is dropped.
    """
    kept: dict[LabelledSpan, float] = {}
    for part in tagged:
        for span, confidence in zip(part.spans, part.confidences):
            if part.window.core_start <= span.start < part.window.core_end:
                kept[span] = confidence
    plans = Plans(text, title)
    values = [value for part in tagged if part.spans for value in _window_values(text, part, model, plans)]
    sound = [_without_lost(value, kept) for value in values if value.span in kept]
    entities = sorted(kept.items(), key=lambda item: item[0].start)
    return entities, sorted(sound, key=lambda value: value.span.start)


def _without_lost(value: LinkedValue, kept: dict[LabelledSpan, float]) -> LinkedValue:
    links = {relation: [span for span in spans if span in kept] for relation, spans in value.links.items()}
    return LinkedValue(value.span, value.role, value.direction, {r: s for r, s in links.items() if s}, value.confidence, value.certainty)


def _window_values(text: str, part: Tagged, model: Model, plans: Plans) -> list[LinkedValue]:
    window = part.window
    local = [LabelledSpan(s.label, s.start - window.start, s.end - window.start) for s in part.spans]
    pairs, features = pairs_of(text[window.start : window.end], local)
    if not any(span.label in VALUE_LABELS for span in local):
        return []
    labels = np.array([LABELS.index(span.label) for span in local])
    hints = np.array([plans.hint(span.start) for span in part.spans])
    logits, kinds = run_heads(model, part.first, part.last, labels, np.array(pairs, dtype=np.int64).reshape(-1, 3), features, hints)
    probabilities = sigmoid(logits)
    chosen = choose_links(pairs, probabilities, model.run.get("thresholds", THRESHOLDS))
    # a plan that neither its section nor its sentence announces is rare: `actual` is the guideline's default
    bias = np.zeros((len(local), len(ROLES)), dtype=np.float32)
    bias[hints == 0, ROLES.index("target")] = -model.run.get("plan_bias", 0.0)
    roles, directions = log_softmax(kinds[:, : len(ROLES)] + bias), log_softmax(kinds[:, len(ROLES) :])
    doubt = np.zeros(len(local))
    np.add.at(doubt, [pair.value for pair in pairs], np.log(np.clip(np.maximum(probabilities, 1 - probabilities), SURE, 1 - SURE)))
    found = []
    for i, span in enumerate(part.spans):
        if span.label not in VALUE_LABELS or not window.core_start <= span.start < window.core_end:
            continue
        role = int(roles[i].argmax())
        direction = int(directions[i].argmax())
        if ROLES[role] == "change" and direction == len(DIRECTIONS):
            direction = int(directions[i, : len(DIRECTIONS)].argmax())
        links = {relation: [part.spans[j] for j, _ in targets] for relation, targets in chosen.get(i, {}).items()}
        if ROLES[role] not in ("change", "baseline"):
            links.pop("change_of", None)
        if ROLES[role] != "change":
            links.pop("vs", None)
        certainty = float(np.log(max(part.confidences[i], SURE)) + roles[i, role] + doubt[i])
        found.append(LinkedValue(span, ROLES[role], DIRECTIONS[direction] if ROLES[role] == "change" else None, links, part.confidences[i], certainty))
    return found
