"""Calibration: known curves are found again, and the calibration error of planted confidences."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer.calibrate import expected_error, fit_logistic
from infer.records import calibrated


def drawn(slope: float, intercept: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Log probabilities and outcomes whose odds follow slope · logit + intercept."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, count)
    right = rng.random(count) < 1 / (1 + np.exp(-(slope * logits + intercept)))
    return -np.log1p(np.exp(-logits)), right.astype(float)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, 1.0), (1.8, -0.7)])
def test_a_known_curve_is_found_again(slope: float, intercept: float) -> None:
    assert fit_logistic(*drawn(slope, intercept)) == pytest.approx([slope, intercept], abs=0.08)


def test_fitting_lowers_the_calibration_error() -> None:
    certainties, right = drawn(0.4, -1.0)
    fitted = fit_logistic(certainties, right)
    after = np.array([calibrated(c, fitted) for c in certainties])
    assert expected_error(after, right) < 0.02 < expected_error(np.exp(certainties), right)


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_one_sided_outcomes_give_a_finite_curve(right: float) -> None:
    fitted = fit_logistic(np.array([-0.1, -0.5, -2.0, 0.0]), np.full(4, right))
    assert all(math.isfinite(weight) for weight in fitted)
    assert (calibrated(-0.1, fitted) > 0.5) == (right == 1.0)


def test_nothing_to_fit_keeps_the_identity() -> None:
    assert fit_logistic(np.array([]), np.array([])) == pytest.approx([1.0, 0.0])


@pytest.mark.parametrize(
    ("probabilities", "right", "error"),
    [
        ([0.75] * 4, [1, 1, 1, 0], 0.0),
        ([0.95] * 4, [1, 1, 0, 0], 0.45),
        ([1.0, 0.0], [1, 0], 0.0),
        ([1.0, 1.0, 0.05, 0.05], [1, 0, 0, 0], 0.275),
    ],
)
def test_expected_error_of_planted_confidences(probabilities: list[float], right: list[int], error: float) -> None:
    assert expected_error(np.array(probabilities), np.array(right, dtype=float)) == pytest.approx(error)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30))
def test_expected_error_is_a_share(rows: list[tuple[float, bool]]) -> None:
    probabilities, right = np.array([p for p, _ in rows]), np.array([float(r) for _, r in rows])
    assert 0 <= expected_error(probabilities, right) <= 1


@given(st.floats(-40, 0))
def test_without_a_curve_the_probability_stands_as_it_is(certainty: float) -> None:
    assert calibrated(certainty, None) == math.exp(certainty)
    assert calibrated(certainty, [1.0, 0.0]) == pytest.approx(math.exp(certainty), abs=1e-5)


@given(st.floats(-40, 0), st.floats(-40, 0), st.floats(0.1, 3), st.floats(-3, 3))
def test_a_curve_keeps_the_order(a: float, b: float, slope: float, intercept: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= calibrated(low, [slope, intercept]) <= calibrated(high, [slope, intercept]) <= 1


def test_overconfident_certainties_do_not_make_the_fit_run_away() -> None:
    rng = np.random.default_rng(3)
    certain = -np.exp(rng.uniform(-12, 1, 800))
    right = (rng.random(800) < 0.6).astype(float)
    slope, intercept = fit_logistic(certain, right)
    assert abs(slope) < 0.2 and abs(intercept - np.log(0.6 / 0.4)) < 0.6
