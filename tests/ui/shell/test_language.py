"""Every string has its Korean translation."""

import pickle
import re
from pathlib import Path

import pytest
from babel.messages import pofile
from babel.messages.extract import extract_from_dir

from rnnviz.figures import words
from rnnviz.told import Told
from rnnviz.ui.rooms.words.terms import terms
from rnnviz.ui.shell import language

ROOT = Path(__file__).resolve().parents[3]


def messages() -> set[str]:
    found = {m[2] for m in extract_from_dir(str(ROOT), [("app.py", "python")], keywords={"_": None})}
    found |= set(words.NAMES) | {one.english for one in terms()}
    for room in ("pages", "rnnviz/ui", "rnnviz/figures", "rnnviz/paper"):
        found |= {
            m[2] for m in extract_from_dir(str(ROOT / room), [("**.py", "python")], keywords={"_": None})
        }
    told = dict.fromkeys(("Told", "LiveError"))  # what is wrong, said by the library
    for room in ("rnnviz/studies", "rnnviz/foreign"):
        found |= {m[2] for m in extract_from_dir(str(ROOT / room), [("**.py", "python")], keywords=told)}
    return found


@pytest.fixture(scope="module")
def korean():
    with (language.LOCALES / "ko.po").open("rb") as file:
        return pofile.read_po(file, locale="ko")


def test_every_string_is_translated(korean):
    missing = {m for m in messages() if not korean.get(m) or not korean.get(m).string or korean.get(m).fuzzy}
    assert missing == set()


def test_what_is_bold_ends_where_markdown_sees_it(korean):
    """Behind a value that ends in a sign, as 5 % does, a letter would keep the two stars from closing."""
    wrong = [m.string for m in korean if re.search(r"\}[^*\w]*\*\*\w", str(m.string))]
    assert wrong == []


def test_two_tildes_strike_nothing_out(korean):
    """Markdown takes what stands between them for text that no longer holds; a range has a dash."""
    assert [m.string for m in korean if str(m.string).count("~") > 1 or str(m.id).count("~") > 1] == []


def test_no_translation_is_left_over(korean):
    assert {m.id for m in korean if m.id} - messages() == set()


def test_a_translation_has_the_same_fields(korean):
    field = re.compile(r"\{[^}]*\}")
    for message in korean:
        if message.id:
            assert sorted(field.findall(message.id)) == sorted(field.findall(message.string)), message.id


def test_korean_strings_hold_hangul(korean):
    plain = {m.id for m in korean if m.id and not re.search("[가-힣]", m.string)}
    assert plain == {"nats"}  # a unit, whose Korean has no plural


def test_english_is_its_own_source():
    assert language.catalogue("en").gettext("Hidden states") == "Hidden states"
    assert language.catalogue("ko").gettext("Hidden states") == "은닉 상태"


def test_pages_hold_no_untranslated_prose():
    """Text given straight to Streamlit, not through _(), would stay English."""
    spoken = re.compile(r'st\.(?:write|header|title|subheader|info|caption|markdown|text)\(\s*f?"')
    for path in (ROOT / "pages").rglob("*.py"):
        assert not spoken.search(path.read_text("utf-8")), path


def test_what_the_library_tells_is_said_in_the_readers_language(monkeypatch):
    problem = Told("unit {unit} is not there; wanted 0 to {last}", unit=7, last=4)
    assert str(problem) == "unit 7 is not there; wanted 0 to 4"
    assert language.said(problem) == str(problem)
    monkeypatch.setattr(language, "current", lambda: "ko")
    assert language.said(problem) == "유닛 7은(는) 없습니다. 가능한 값은 0부터 4까지입니다"
    assert language.said(ValueError("of a library\nbelow")) == "of a library below"
    again = pickle.loads(pickle.dumps(problem))
    assert (str(again), again.message, again.values) == (str(problem), problem.message, problem.values)
    assert str(Told.of(ValueError("{odd}"))) == "{odd}"


def test_what_a_worker_could_not_compute_is_said_in_the_readers_language(monkeypatch):
    from rnnviz.ui.parts import working
    from rnnviz.ui.shell.jobs import Job

    monkeypatch.setattr(language, "current", lambda: "ko")
    values = {"name": "{odd}", "most": 3, "value": 5}
    job = Job.__new__(Job)
    job.state, job.problem, job.told = (
        "failed",
        "in English",
        ("{name} must be at most {most}; got {value}", values),
    )
    assert working.came_to_nothing(job).endswith("{odd}은(는) 3 이하여야 합니다. 받은 값: 5")
    job.told = ("{value:,}", {"value": "x"})
    assert working.came_to_nothing(job).endswith("in English")
