"""How numbers are written in formulas, squares and percent."""

import pytest

from rnnviz.ui.parts import numbers


@pytest.mark.parametrize(
    ("number", "latex", "short"),
    [
        (0.5, "0.5", "0.5"),
        (-0.0, "0", "0"),
        (-1e-9, r"-1\times 10^{-9}", "0"),
        (1 / 3, "0.3333", "0.33"),
        (-12.345, "-12.35", "−12.35"),
        (1e6, r"1\times 10^{6}", "1e6"),
        (-1e100, r"-1\times 10^{100}", "−1e100"),
    ],
)
def test_numbers_are_written_with_four_digits_and_short_in_squares(number, latex, short):
    assert numbers.numeral(number) == latex and numbers.short(number) == short


def test_shares_are_written_in_percent():
    assert [numbers.percent(share) for share in (0, 1e-9, 0.0123, 0.5, 1)] == [
        "0 %",
        "< 0.01 %",
        "1.2 %",
        "50.0 %",
        "100.0 %",
    ]


def test_a_loss_is_also_a_probability():
    assert [numbers.probability(loss) for loss in (0, 0.6931472, 4.60517, 99)] == [
        "100.0 %",
        "50.0 %",
        "1 %",
        "< 0.01 %",
    ]
