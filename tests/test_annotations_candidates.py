"""Pairs and their features, Viterbi over legal paths, and the choice of links: planted cases and properties."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.candidates import FEATURE_SIZES, RELATIONS, RELATIONS_OF_LABEL, Between, LabelledSpan, Pair, pairs_of
from annotations.decode import OF_FLOOR, choose_links, log_softmax, sigmoid, spans_of, viterbi
from annotations.schema import ARGUMENTS, LABELS, VALUE_LABELS
from annotations.tags import TAG_IDS, TAGS, is_legal, spans_to_tags

TEXT = "县医院接诊9例、体检12人，全县建册率95%。\n巡诊6次。"
WORDS = (
    ("INST", "县医院"),
    ("IND", "接诊"),
    ("COUNT", "9例"),
    ("IND", "体检"),
    ("COUNT", "12人"),
    ("REGION", "全县"),
    ("IND", "建册率"),
    ("RATE", "95%"),
    ("IND", "巡诊"),
    ("COUNT", "6次"),
)
SPANS = [LabelledSpan(label, TEXT.index(word), TEXT.index(word) + len(word)) for label, word in WORDS]
LAID = st.lists(st.tuples(st.text("甲、，；。\n", max_size=12), st.integers(1, 3), st.sampled_from(LABELS)), max_size=9)


def place(word: str) -> int:
    return [w for _, w in WORDS].index(word)


def lay(pieces: list[tuple[str, int, str]]) -> tuple[str, list[LabelledSpan]]:
    text, spans = "", []
    for gap, length, label in pieces:
        text += gap
        spans.append(LabelledSpan(label, len(text), len(text) + length))
        text += "乙" * length
    return text, spans


def asked(pairs: list[Pair]) -> set[tuple[str, str, str]]:
    return {(WORDS[p.value][1], RELATIONS[p.relation], WORDS[p.argument][1]) for p in pairs}


def test_a_value_may_point_at_every_fitting_span_nearby() -> None:
    pairs, features = pairs_of(TEXT, SPANS)
    found = asked(pairs)
    assert {("9例", "of", "接诊"), ("9例", "by", "县医院"), ("95%", "in", "全县"), ("9例", "change_of", "12人"), ("6次", "of", "巡诊")} <= found
    assert not {row for row in found if row[0] == row[2] or row[0] in ("接诊", "县医院")}
    assert ("6次", "of", "接诊") in found  # 。 and the line end after it are one sentence end
    assert features.shape == (len(pairs), len(FEATURE_SIZES)) and features.dtype == np.int64


def test_features_of_planted_pairs() -> None:
    between = Between(TEXT, SPANS)
    value = SPANS[place("95%")]
    assert between.features(value, SPANS[place("建册率")]) == [10, 0, 0, 0, 0, 0, 0, 1, 1]  # 巡诊 stands within 30 characters after it
    # 接诊 … 95%: 12 characters before it, one 、, one ，, two more names and two values between, 巡诊 after it
    distance = value.start - SPANS[place("接诊")].end
    assert distance == 14
    assert between.features(value, SPANS[place("接诊")]) == [15, 1, 1, 0, 0, 2, 2, 1, 0]
    # an argument after its value: distance without the +10
    assert between.features(SPANS[place("9例")], SPANS[place("体检")])[0] == 1


@pytest.mark.parametrize(
    ("distance", "bucket"),
    [(0, 0), (1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (8, 4), (9, 5), (16, 5), (17, 6), (33, 7), (64, 7), (65, 8), (128, 8), (129, 9), (5000, 9)],
)
def test_distances_fall_into_ten_buckets(distance: int, bucket: int) -> None:
    text = "乙乙" + "甲" * distance + "乙"
    spans = [LabelledSpan("IND", 0, 2), LabelledSpan("COUNT", 2 + distance, 3 + distance)]
    assert Between(text, spans).features(spans[1], spans[0])[0] == 10 + bucket


def test_relations_fit_the_labels() -> None:
    assert list(RELATIONS) == [*ARGUMENTS, "vs", "change_of"]
    assert RELATIONS_OF_LABEL["PERIOD"] == ("during", "vs") and RELATIONS_OF_LABEL["IND"] == ("of",) and RELATIONS_OF_LABEL["RATE"] == ("change_of",)
    assert set(RELATIONS_OF_LABEL) == set(LABELS)


@given(LAID)
def test_pairs_are_sound_and_features_in_range(pieces: list[tuple[str, int, str]]) -> None:
    text, spans = lay(pieces)
    pairs, features = pairs_of(text, spans)
    assert len(set(pairs)) == len(pairs) == len(features)
    for pair in pairs:
        assert spans[pair.value].label in VALUE_LABELS and pair.value != pair.argument
        assert RELATIONS[pair.relation] in RELATIONS_OF_LABEL[spans[pair.argument].label]
    assert ((features >= 0) & (features < np.array(FEATURE_SIZES))).all()


@given(LAID, st.text("甲，。", max_size=40))
def test_features_do_not_depend_on_what_stands_before_the_text(pieces: list[tuple[str, int, str]], lead: str) -> None:
    text, spans = lay(pieces)
    moved = [LabelledSpan(s.label, s.start + len(lead), s.end + len(lead)) for s in spans]
    (pairs, features), (same, moved_features) = pairs_of(text, spans), pairs_of(lead + text, moved)
    assert pairs == same and (features == moved_features).all()


def test_no_value_gives_no_pairs() -> None:
    pairs, features = pairs_of("县医院", [LabelledSpan("INST", 0, 3)])
    assert pairs == [] and features.shape == (0, len(FEATURE_SIZES))


# --- decoding -------------------------------------------------------------------------------------------------------------


def scores(seed: int, length: int) -> np.ndarray:
    return log_softmax(np.random.default_rng(seed).normal(0, 3, (length, len(TAGS))).astype(np.float32))


@given(st.integers(0, 10**6), st.integers(1, 40))
def test_viterbi_gives_only_legal_paths(seed: int, length: int) -> None:
    path = [TAGS[i] for i in viterbi(scores(seed, length))]
    assert len(path) == length
    assert all(is_legal(a, b) for a, b in zip([None, *path], path))


@given(st.integers(0, 10**6))
def test_viterbi_finds_the_best_legal_path(seed: int) -> None:
    log_probs = scores(seed, 3)
    few = np.sort(np.random.default_rng(seed).choice(len(TAGS), 6, replace=False))
    masked = np.full_like(log_probs, -1e4)
    masked[:, few] = log_probs[:, few]
    masked[:, 0] = log_probs[:, 0]
    legal = [p for p in itertools.product(sorted({0, *few.tolist()}), repeat=3) if all(is_legal(a, TAGS[b]) for a, b in zip([None, *(TAGS[i] for i in p)], p))]
    best = max(sum(float(masked[i, t]) for i, t in enumerate(p)) for p in legal)
    assert sum(float(masked[i, t]) for i, t in enumerate(viterbi(masked))) == pytest.approx(best, abs=1e-3)


@given(st.integers(0, 10**6), st.integers(1, 40))
def test_spans_read_from_scores_are_flat_and_sure_to_some_degree(seed: int, length: int) -> None:
    found = spans_of(scores(seed, length), "文" * length)
    assert all(0 <= start < end <= length and 0 < sure <= 1 for _, start, end, sure in found)
    assert all(a[2] <= b[1] for a, b in zip(found, found[1:]))


def test_clear_scores_give_the_planted_spans() -> None:
    planted = [("INST", 0, 3), ("IND", 3, 5), ("COUNT", 5, 7)]
    logits = np.full((8, len(TAGS)), -5.0, dtype=np.float32)
    logits[range(8), [TAG_IDS[tag] for tag in spans_to_tags(planted, 8)]] = 5.0
    found = spans_of(log_softmax(logits), "文" * len(logits))
    assert [row[:3] for row in found] == planted
    assert all(sure > 0.99 for *_, sure in found)
    assert spans_of(np.zeros((0, len(TAGS)), dtype=np.float32), "") == []


def test_a_doubtful_border_lowers_the_confidence() -> None:
    logits = np.full((3, len(TAGS)), -9.0, dtype=np.float32)
    logits[range(3), [TAG_IDS["B-COUNT"], TAG_IDS["I-COUNT"], TAG_IDS["O"]]] = 5.0
    sure = spans_of(log_softmax(logits), "文" * len(logits))[0][3]
    logits[2, TAG_IDS["I-COUNT"]] = 4.5
    (label, start, end, doubtful), *_ = spans_of(log_softmax(logits), "文" * len(logits))
    assert (label, start, end) == ("COUNT", 0, 2) and doubtful < 0.9 < sure


@given(st.floats(-1e4, 1e4))
def test_sigmoid_is_safe_and_monotone(x: float) -> None:
    y = float(sigmoid(np.array(x)))
    assert 0.5 <= y <= 1 if x >= 0 else 0 <= y <= 0.5
    assert y + float(sigmoid(np.array(-x))) == pytest.approx(1)


def test_log_softmax_sums_to_one() -> None:
    assert np.exp(log_softmax(np.array([[1000.0, 999.0], [0.0, 0.0]]))).sum(-1) == pytest.approx([1, 1])


def chosen(*rows: tuple[int, str, float]) -> dict[str, list[int]]:
    """Links of value 0: (argument, relation, probability) rows → relation → arguments."""
    pairs = [Pair(0, argument, RELATIONS.index(relation)) for argument, relation, _ in rows]
    return {key: [a for a, _ in found] for key, found in choose_links(pairs, np.array([p for *_, p in rows])).get(0, {}).items()}


def test_links_above_the_threshold_are_taken() -> None:
    assert chosen((1, "by", 0.9), (2, "by", 0.6), (3, "by", 0.4), (4, "in", 0.3)) == {"by": [1, 2]}


def test_a_value_keeps_its_best_indicator_down_to_the_floor() -> None:
    assert chosen((1, "of", 0.2), (2, "of", 0.3)) == {"of": [2]}
    assert chosen((1, "of", OF_FLOOR / 2)) == {}
    assert chosen((1, "of", 0.8), (2, "of", 0.3)) == {"of": [1]}


def test_only_one_level_and_one_comparison() -> None:
    assert chosen((1, "vs", 0.8), (2, "vs", 0.9), (3, "change_of", 0.7), (4, "change_of", 0.6)) == {"vs": [2], "change_of": [3]}
    assert chosen((1, "vs", 0.4), (2, "change_of", 0.4)) == {}


def test_thresholds_are_per_relation() -> None:
    pairs = [Pair(0, 1, RELATIONS.index("by")), Pair(0, 2, RELATIONS.index("in"))]
    limits = {**dict.fromkeys(RELATIONS, 0.5), "by": 0.3, "in": 0.7}
    assert choose_links(pairs, np.array([0.4, 0.6]), limits) == {0: {"by": [(1, 0.4)]}}


def test_list_items_look_back_to_the_lead_in_but_not_for_their_indicator() -> None:
    text = "2023年抓好三件事:\n1.接诊9例。\n2.巡诊6次。\n3.体检12人。"
    words = [("PERIOD", "2023年"), ("IND", "接诊"), ("COUNT", "9例"), ("IND", "巡诊"), ("COUNT", "6次"), ("COUNT", "12人")]
    spans = [LabelledSpan(label, text.index(word), text.index(word) + len(word)) for label, word in words]
    pairs, _ = pairs_of(text, spans)
    last = {(RELATIONS[p.relation], text[spans[p.argument].start : spans[p.argument].end]) for p in pairs if p.value == 5}
    assert ("during", "2023年") in last and ("of", "接诊") not in last and ("of", "巡诊") in last
