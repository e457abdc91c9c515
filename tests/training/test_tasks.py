"""Corpora are what they claim to be, their parts never mix, windows are true pieces of a text, made tasks have their answer."""

import datetime
import hashlib
import urllib.error
import urllib.request

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz.training import tasks


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a test tried to download")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)


def write(folder, names):
    """A file for each name, with its own name as content."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n")
    return folder


def parts(corpus):
    return {part: set(getattr(corpus, part).splitlines()) for part in ("train", "validation", "test")}


def test_shakespeare_is_cut_90_5_5_without_loss(tmp_path, monkeypatch):
    text = "".join(chr(97 + i % 26) for i in range(200))
    path = tmp_path / "input.txt"
    path.write_text(text)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    monkeypatch.setitem(tasks.SHAKESPEARE, "sha256", sha256)
    corpus = tasks.shakespeare(path)
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [180, 10, 10]
    assert corpus.train + corpus.validation + corpus.test == text
    assert corpus.sha256 == sha256
    assert corpus.source.startswith("https://") and corpus.licence and "90 %" in corpus.split


def test_another_text_is_not_shakespeare(tmp_path):
    path = tmp_path / "input.txt"
    path.write_text("to be or not to be")
    with pytest.raises(ValueError, match=r"not Tiny Shakespeare: sha256 is [0-9a-f]{64}, wanted 86c4e6aa"):
        tasks.shakespeare(path)


def test_a_missing_file_is_never_downloaded_instead(tmp_path):
    with pytest.raises(FileNotFoundError):
        tasks.shakespeare(tmp_path / "none.txt")


def test_without_a_network_the_reader_is_told_what_to_give(monkeypatch):
    def offline(*_, **__):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", offline)
    with pytest.raises(ValueError, match=r"could not download .*no route to host.*--data"):
        tasks.shakespeare()


def test_every_python_file_is_in_exactly_one_part_about_5_percent_held_out(tmp_path):
    names = [f"package{i % 7}/module{i}.py" for i in range(600)]
    found = parts(tasks.python_source(write(tmp_path, names)))
    assert set.union(*found.values()) == {f"# {name}" for name in names}
    assert sum(map(len, found.values())) == 600
    assert 15 <= len(found["validation"]) <= 45 and 15 <= len(found["test"]) <= 45


def test_a_python_file_never_moves_between_parts(tmp_path):
    names = [f"m{i}.py" for i in range(120)]
    few = parts(tasks.python_source(write(tmp_path / "few", names[::2])))
    many = parts(tasks.python_source(write(tmp_path / "many", names)))
    assert all(few[part] == many[part] & set.union(*few.values()) for part in few)


def test_tests_vendored_packages_and_other_files_are_left_out(tmp_path):
    left_out = ["test/a.py", "json/tests/b.py", "site-packages/c.py", "json/__pycache__/d.py", "e.txt"]
    corpus = tasks.python_source(write(tmp_path, ["m0.py", "json/m1.py", *left_out]))
    assert corpus.train == "# json/m1.py\n# m0.py\n"


def test_line_ends_are_one_sign_and_bytes_that_are_no_text_do_not_stop_the_reader(tmp_path):
    (tmp_path / "m0.py").write_bytes(b"a\r\nb\xff\n")
    assert tasks.python_source(tmp_path).train == "a\nb\N{REPLACEMENT CHARACTER}\n"


def test_the_sha256_of_a_folder_is_of_names_and_contents(tmp_path):
    one = tasks.python_source(write(tmp_path / "one", ["m0.py", "m1.py"])).sha256
    assert tasks.python_source(write(tmp_path / "two", ["m1.py", "m0.py"])).sha256 == one
    (tmp_path / "two" / "m0.py").write_text("# m0!py\n")
    (tmp_path / "one" / "m1.py").rename(tmp_path / "one" / "m9.py")
    changed = {tasks.python_source(tmp_path / name).sha256 for name in ("one", "two")}
    assert len(changed | {one}) == 3


@pytest.mark.parametrize("name", ["empty", "nowhere"])
def test_a_folder_without_python_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no Python source in"):
        tasks.python_source(tmp_path / name)


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(1, 9), more=st.integers(1, 20), seed=st.integers(0, 2**31), step=st.integers(0, 9999)
)
def test_windows_are_pieces_of_the_text_and_targets_come_one_later(length, more, seed, step):
    ids = np.arange(100, 100 + length + more)  # each token tells its place
    inputs, targets = tasks.windows(ids, 5, length, seed, step)
    assert inputs.shape == targets.shape == (5, length)
    assert np.array_equal(inputs, inputs[:, :1] + np.arange(length))
    assert np.array_equal(targets, inputs + 1)
    assert inputs.min() >= 100 and targets.max() <= ids[-1]
    again = tasks.windows(ids, 5, length, seed, step)
    assert np.array_equal(again[0], inputs)


def test_windows_reach_both_ends_of_the_text():
    inputs, targets = tasks.windows(np.arange(6), 200, 3, seed=1, step=0)
    assert set(inputs[:, 0]) == {0, 1, 2}
    assert targets.max() == 5


def test_each_step_and_seed_draws_its_own_windows():
    drawn = {tasks.windows(np.arange(10_000), 4, 5, s, t)[0].tobytes() for s in (1, 2) for t in range(3)}
    assert len(drawn) == 6


def test_a_text_without_a_next_token_is_refused():
    assert tasks.windows(np.arange(4), 1, 3, 0, 0)[1].tolist() == [[1, 2, 3]]
    with pytest.raises(ValueError, match="a text of more than 4; got 4"):
        tasks.windows(np.arange(4), 1, 4, 0, 0)


@given(st.integers(2, 40), st.integers(1, 5), st.integers(0, 5))
def test_the_adding_problem_marks_one_number_in_each_half_and_says_their_sum(steps, batch, seed):
    read, said = tasks.adding(batch, steps, seed)
    numbers, marks = read[..., 0], read[..., 1]
    assert read.shape == (batch, steps, 2) and said.shape == (batch, steps)
    assert (marks[:, : steps // 2].sum(1) == 1).all() and (marks[:, steps // 2 :].sum(1) == 1).all()
    assert np.isin(marks, (0, 1)).all() and (numbers >= 0).all() and (numbers < 1).all()
    for row in range(batch):
        assert said[row, -1] == pytest.approx(sum(numbers[row][marks[row] == 1]))
        assert said[row, 0] in (0, numbers[row, 0])
    assert np.array_equal(read, tasks.adding(batch, steps, seed)[0])


@given(st.integers(3, 60), st.integers(1, 4))
def test_copy_memory_asks_for_what_it_showed(steps, batch):
    read, said = tasks.copy_memory(batch, steps, seed=1)
    copied = min(10, (steps - 1) // 2)
    assert np.array_equal(read[:, :copied], said[:, -copied:])
    assert (read[:, :copied] < 8).all()
    assert (said[:, :-copied] == 8).all()
    assert (read[:, -copied - 1] == 9).all() and (read == 9).sum() == batch
    assert (read[:, -copied:] == 8).all() and (read[:, copied : -copied - 1] == 8).all()


def test_a_task_that_has_no_room_is_refused():
    with pytest.raises(ValueError, match="at least 2 steps; got 1"):
        tasks.adding(1, 1)
    with pytest.raises(ValueError, match="at least 3 steps; got 2"):
        tasks.copy_memory(1, 2)


# dates

DAYS = st.dates(datetime.date(tasks.FIRST_YEAR, 1, 1), datetime.date(tasks.LAST_YEAR, 12, 31))


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (
            "{Weekday}, the {day_words} of {Month}, {year_words}",
            "Sunday, the thirty-first of October, nineteen ninety-nine",
        ),
        ("the {dth} of {Month} {Y}", "the 31st of October 1999"),
        ("{m}/{d}/{y}", "10/31/99"),
        ("{Y}년 {m}월 {d}일({wd_korean})", "1999년 10월 31일(일)"),
        ("{year_korean}년 {month_korean} {day_korean}", "천구백구십구년 시월 삼십일일"),
    ],
)
def test_a_date_is_written_as_people_write_it(form, wanted):
    assert form in tasks.DATE_FORMATS
    assert tasks.written_date(datetime.date(1999, 10, 31), form) == wanted


@pytest.mark.parametrize(
    ("year", "words"),
    [
        (1950, "nineteen fifty"),
        (2000, "two thousand"),
        (2007, "two thousand and seven"),
        (2021, "twenty twenty-one"),
    ],
)
def test_years_in_words(year, words):
    form = "{Month} {day_words}, {year_words}"
    assert tasks.written_date(datetime.date(year, 6, 1), form) == f"June first, {words}"


def test_june_and_october_lose_a_letter_in_korean():
    form = "{Y}년 {month_korean} {day_korean}"
    written = [tasks.written_date(datetime.date(2021, month, 20), form) for month in (6, 10, 11)]
    assert written == ["2021년 유월 이십일", "2021년 시월 이십일", "2021년 십일월 이십일"]


@settings(max_examples=60, deadline=None)
@given(DAYS, st.sampled_from(tasks.DATE_FORMATS))
def test_every_date_is_read_back_from_every_form(day, form):
    written = tasks.written_date(day, form)
    assert tasks.read_date(written) == tasks.read_date(f" {written.upper()} ") == day


def test_there_are_at_least_thirty_forms_in_two_languages():
    assert len(set(tasks.DATE_FORMATS)) == len(tasks.DATE_FORMATS) >= 30
    assert 10 <= sum("년" in form for form in tasks.DATE_FORMATS) <= len(tasks.DATE_FORMATS) - 20


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("February 29, 2021", "there is no day 29 of month 2 in 2021"),
        ("31/12/2021", "there is no day 12 of month 31 in 2021"),
        ("2021년 13월 1일", "there is no day 1 of month 13 in 2021"),
        ("the 31st of April 2004", "there is no day 31 of month 4 in 2004"),
        ("July 4, 1776", "the year must be from 1950 to 2049; got 1776"),
    ],
)
def test_a_day_that_does_not_exist_is_said_in_one_line(text, words):
    with pytest.raises(ValueError) as refused:
        tasks.read_date(text)
    assert str(refused.value) == words


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_what_is_no_date_is_none(text):
    try:
        assert tasks.read_date(text) is None
    except ValueError as refused:
        assert "\n" not in str(refused)


def test_days_of_one_part_are_in_no_other_and_come_the_same_again():
    corpus = tasks.dates(pairs=(3000, 300, 300))
    days = [{target for _, target in part} for part in (corpus.train, corpus.validation, corpus.test)]
    assert not days[0] & days[1] and not days[0] & days[2] and not days[1] & days[2]
    assert [len(part) for part in (corpus.train, corpus.validation, corpus.test)] == [3000, 300, 300]
    assert all(tasks.read_date(source).isoformat() == target for source, target in corpus.test)
    assert corpus == tasks.dates(pairs=(3000, 300, 300))


# sentences

ROWS = """split\ten\tko\tattribution
train\tGo.\t가.\tCC-BY 2.0 (France) Attribution: tatoeba.org #1 (CM) & #2 (Eunhee)
dev\tHi.\t안녕.\tCC-BY 2.0 (France) Attribution: tatoeba.org #3 (CM) & #4 (Ada)
test\t"No."\t아니.\tCC-BY 2.0 (France) Attribution: tatoeba.org #5 (Bo) & #6 (Ada)
"""


def test_sentence_pairs_keep_their_split_and_name_whom_the_licence_asks_to_name(tmp_path):
    (tmp_path / "pairs.tsv").write_text(ROWS, "utf-8")
    corpus = tasks.tatoeba(tmp_path / "pairs.tsv")
    assert (corpus.train, corpus.validation, corpus.test) == (
        [("Go.", "가.")],
        [("Hi.", "안녕.")],
        [('"No."', "아니.")],
    )
    assert corpus.attribution == "tatoeba.org contributors: Ada, Bo, CM, Eunhee"
    assert corpus.sha256 == hashlib.sha256(ROWS.encode()).hexdigest()


def test_sentence_pairs_without_a_file_or_a_column_are_refused(tmp_path):
    with pytest.raises(ValueError, match="give the sentences with --data"):
        tasks.tatoeba()
    (tmp_path / "pairs.tsv").write_text(ROWS.replace("ko", "korean", 1), "utf-8")
    with pytest.raises(ValueError, match="lacks the columns ko"):
        tasks.tatoeba(tmp_path / "pairs.tsv")
