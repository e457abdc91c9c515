"""Markdown as HTML: what the pages write, and nothing that could run."""

import pytest

from rnnviz.paper.markup import blocks, inline


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain & <b>", "plain &amp; &lt;b&gt;"),
        ("**bold *and* more**", "<strong>bold <em>and</em> more</strong>"),
        ("f \\* g is \\*no\\* emphasis", "f * g is *no* emphasis"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("`a_b <c>`", "<code>a_b &lt;c&gt;</code>"),
        ("W_hh and b_h", "W_hh and b_h"),
        ("[here](https://example.org)", "here"),
    ],
)
def test_a_sentence(text, wanted):
    assert inline(text) == wanted


def test_a_formula_in_a_sentence_is_one():
    assert inline("the state $h_t$ here") == "the state <math><msub><mi>h</mi><mi>t</mi></msub></math> here"


def test_links_lead_where_they_are_told_to():
    made = inline("see [the *cell*](cell)", lambda to, label: f'<a href="{to}.html">{label}</a>')
    assert made == 'see <a href="cell.html">the <em>cell</em></a>'


def test_paragraphs_lists_and_headings():
    assert blocks("one\ntwo\n\nthree") == "<p>one\ntwo</p><p>three</p>"
    assert blocks("- a\n- b\n  goes on") == "<ul><li>a</li><li>b goes on</li></ul>"
    assert blocks("1. a\n2. b") == "<ol><li>a</li><li>b</li></ol>"
    assert blocks("# Head") == "<h2>Head</h2>"
