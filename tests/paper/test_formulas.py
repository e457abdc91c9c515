"""Formulas as MathML: what stands where, by what a browser's own parser of XML reads."""

import re
from xml.etree import ElementTree

import pytest

from rnnviz.paper.formulas import formula


def read(latex, display=False):
    return ElementTree.fromstring(formula(latex, display))


def outline(element):
    """Names in each other, letters as they are."""
    inner = ",".join(map(outline, element))
    return (element.text or "") if element.tag in ("mi", "mn", "mo", "mtext") else f"{element.tag}({inner})"


@pytest.mark.parametrize(
    ("latex", "wanted"),
    [
        ("W_{hh}", "math(msub(W,mrow(h,h)))"),
        (r"h_{t-1}^{\top}", "math(msubsup(h,mrow(t,−,1),mrow(mrow(⊤))))"),
        (r"\frac{1}{1+x}", "math(mfrac(mrow(1),mrow(1,+,x)))"),
        (r"\tfrac14", "math(mfrac(1,4))"),
        (r"\sigma'(1.25)", "math(msup(σ,′),(,1.25,))"),
        (r"\sum_j x_j", "math(msub(∑,j),msub(x,j))"),
        (r"\text{a < b}", "math(a < b)"),
        (r"\mathrm{relu}(x)", "math(relu,(,x,))"),
        (r"x\,y", "math(x,mspace(),y)"),
        (r"\hat{y}_t", "math(msub(mover(mrow(y),^),t))"),
        (r"1.8\,\%", "math(1.8,mspace(),%)"),
    ],
)
def test_every_part_stands_where_it_belongs(latex, wanted):
    assert outline(read(latex)) == wanted


def test_on_a_line_of_its_own_limits_stand_below_and_above_a_sum():
    assert outline(read(r"\sum_{t=1}^{T} x", display=True)).startswith("math(munderover(∑,mrow(t,=,1)")
    assert read("x", display=True).get("display") == "block"


def test_lines_are_rows_of_a_table_and_parts_its_cells():
    table = read(r"\begin{aligned}\rule{0pt}{2.5ex}a&=1\\ b&=\text{two words}\end{aligned}", True).find(
        "mtable"
    )
    assert [[outline(cell) for cell in row] for row in table] == [
        ["mtd(a)", "mtd(=,1)"],
        ["mtd(b)", "mtd(=,two words)"],
    ]
    cases = read(r"p=\begin{cases}1&x>0\\ 0&\text{else}\end{cases}")
    assert re.search(r"mrow\(\{,mtable\(", outline(cases))


@pytest.mark.parametrize(
    "latex", [r"\sqrt{2}", r"\frac{1}", "{x", "a & b", r"\begin{matrix}a\end{matrix}", "x_"]
)
def test_what_the_pages_do_not_write_is_refused_in_one_line(latex):
    with pytest.raises(ValueError) as problem:
        formula(latex)
    assert "\n" not in str(problem.value)
