"""Corpora are what they claim to be, their parts never mix, windows are true pieces of a text."""

import hashlib
import urllib.error
import urllib.request

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz.training import corpora
from rnnviz.training.dates import read_date


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
    monkeypatch.setitem(corpora.SHAKESPEARE, "sha256", sha256)
    corpus = corpora.shakespeare(path)
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [180, 10, 10]
    assert corpus.train + corpus.validation + corpus.test == text
    assert corpus.sha256 == sha256
    assert corpus.source.startswith("https://") and corpus.licence and "90 %" in corpus.split


def test_another_text_is_not_shakespeare(tmp_path):
    path = tmp_path / "input.txt"
    path.write_text("to be or not to be")
    with pytest.raises(ValueError, match=r"not Tiny Shakespeare: sha256 is [0-9a-f]{64}, wanted 86c4e6aa"):
        corpora.shakespeare(path)


def test_a_missing_file_is_never_downloaded_instead(tmp_path):
    with pytest.raises(FileNotFoundError):
        corpora.shakespeare(tmp_path / "none.txt")


def test_without_a_network_the_reader_is_told_what_to_give(monkeypatch):
    def offline(*_, **__):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", offline)
    with pytest.raises(ValueError, match=r"could not download .*no route to host.*--data"):
        corpora.shakespeare()


def test_every_python_file_is_in_exactly_one_part_about_5_percent_held_out(tmp_path):
    names = [f"package{i % 7}/module{i}.py" for i in range(600)]
    found = parts(corpora.python_source(write(tmp_path, names)))
    assert set.union(*found.values()) == {f"# {name}" for name in names}
    assert sum(map(len, found.values())) == 600
    assert 15 <= len(found["validation"]) <= 45 and 15 <= len(found["test"]) <= 45


def test_a_python_file_never_moves_between_parts(tmp_path):
    names = [f"m{i}.py" for i in range(120)]
    few = parts(corpora.python_source(write(tmp_path / "few", names[::2])))
    many = parts(corpora.python_source(write(tmp_path / "many", names)))
    assert all(few[part] == many[part] & set.union(*few.values()) for part in few)


def test_tests_vendored_packages_and_other_files_are_left_out(tmp_path):
    left_out = ["test/a.py", "json/tests/b.py", "site-packages/c.py", "json/__pycache__/d.py", "e.txt"]
    corpus = corpora.python_source(write(tmp_path, ["m0.py", "json/m1.py", *left_out]))
    assert corpus.train == "# json/m1.py\n# m0.py\n"


def test_line_ends_are_one_sign_and_bytes_that_are_no_text_do_not_stop_the_reader(tmp_path):
    (tmp_path / "m0.py").write_bytes(b"a\r\nb\xff\n")
    assert corpora.python_source(tmp_path).train == "a\nb\N{REPLACEMENT CHARACTER}\n"


def test_the_sha256_of_a_folder_is_of_names_and_contents(tmp_path):
    one = corpora.python_source(write(tmp_path / "one", ["m0.py", "m1.py"])).sha256
    assert corpora.python_source(write(tmp_path / "two", ["m1.py", "m0.py"])).sha256 == one
    (tmp_path / "two" / "m0.py").write_text("# m0!py\n")
    (tmp_path / "one" / "m1.py").rename(tmp_path / "one" / "m9.py")
    changed = {corpora.python_source(tmp_path / name).sha256 for name in ("one", "two")}
    assert len(changed | {one}) == 3


@pytest.mark.parametrize("name", ["empty", "nowhere"])
def test_a_folder_without_python_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no Python source in"):
        corpora.python_source(tmp_path / name)


def test_reviews_are_one_text_a_line_each_in_syllables_and_their_parts_stay_apart(tmp_path):
    path = tmp_path / "nsmc.tsv"
    rows = [("train", "\u1112\u1161\u11ab 편"), ("test", "끝"), ("train", "b"), ("dev", '"가" ')]
    lines = [f"{part}\t{number % 2}\t{text}" for number, (part, text) in enumerate(rows)]
    path.write_text("\n".join(["split\tlabel\ttext", *lines]), "utf-8")
    text, reviews = corpora.nsmc_text(path), corpora.nsmc(path)
    assert (text.train, text.validation, text.test) == ("한 편\nb\n", '"가" \n', "끝\n")
    assert text.sha256 == reviews.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert text.split.startswith(reviews.split) and text.licence.startswith("CC0 1.0")
    assert text.attribution == reviews.attribution
    with pytest.raises(ValueError, match="give the reviews with --data"):
        corpora.nsmc_text()


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(1, 9), more=st.integers(1, 20), seed=st.integers(0, 2**31), step=st.integers(0, 9999)
)
def test_windows_are_pieces_of_the_text_and_targets_come_one_later(length, more, seed, step):
    ids = np.arange(100, 100 + length + more)  # each token tells its place
    inputs, targets = corpora.windows(ids, 5, length, seed, step)
    assert inputs.shape == targets.shape == (5, length)
    assert np.array_equal(inputs, inputs[:, :1] + np.arange(length))
    assert np.array_equal(targets, inputs + 1)
    assert inputs.min() >= 100 and targets.max() <= ids[-1]
    again = corpora.windows(ids, 5, length, seed, step)
    assert np.array_equal(again[0], inputs)


def test_windows_reach_both_ends_of_the_text():
    inputs, targets = corpora.windows(np.arange(6), 200, 3, seed=1, step=0)
    assert set(inputs[:, 0]) == {0, 1, 2}
    assert targets.max() == 5


def test_each_step_and_seed_draws_its_own_windows():
    drawn = {corpora.windows(np.arange(10_000), 4, 5, s, t)[0].tobytes() for s in (1, 2) for t in range(3)}
    assert len(drawn) == 6


def test_a_text_without_a_next_token_is_refused():
    assert corpora.windows(np.arange(4), 1, 3, 0, 0)[1].tolist() == [[1, 2, 3]]
    with pytest.raises(ValueError, match="a text of more than 4; got 4"):
        corpora.windows(np.arange(4), 1, 4, 0, 0)


def test_days_of_one_part_are_in_no_other_and_come_the_same_again():
    corpus = corpora.dates(pairs=(3000, 300, 300))
    days = [{target for _, target in part} for part in (corpus.train, corpus.validation, corpus.test)]
    assert not days[0] & days[1] and not days[0] & days[2] and not days[1] & days[2]
    assert [len(part) for part in (corpus.train, corpus.validation, corpus.test)] == [3000, 300, 300]
    assert all(read_date(source).isoformat() == target for source, target in corpus.test)
    assert corpus == corpora.dates(pairs=(3000, 300, 300))


# sentences

ROWS = """split\ten\tko\tattribution
train\tGo.\t가.\tCC-BY 2.0 (France) Attribution: tatoeba.org #1 (CM) & #2 (Eunhee)
dev\tHi.\t안녕.\tCC-BY 2.0 (France) Attribution: tatoeba.org #3 (CM) & #4 (Ada)
test\t"No."\t아니.\tCC-BY 2.0 (France) Attribution: tatoeba.org #5 (Bo) & #6 (Ada)
"""


def test_sentence_pairs_keep_their_split_and_name_whom_the_licence_asks_to_name(tmp_path):
    (tmp_path / "pairs.tsv").write_text(ROWS, "utf-8")
    corpus = corpora.tatoeba(tmp_path / "pairs.tsv")
    assert (corpus.train, corpus.validation, corpus.test) == (
        [("Go.", "가.")],
        [("Hi.", "안녕.")],
        [('"No."', "아니.")],
    )
    assert corpus.attribution == "tatoeba.org contributors: Ada, Bo, CM, Eunhee"
    assert corpus.sha256 == hashlib.sha256(ROWS.encode()).hexdigest()


def test_sentence_pairs_without_a_file_or_a_column_are_refused(tmp_path):
    with pytest.raises(ValueError, match="give the sentences with --data"):
        corpora.tatoeba()
    (tmp_path / "pairs.tsv").write_text(ROWS.replace("ko", "korean", 1), "utf-8")
    with pytest.raises(ValueError, match="lacks the columns ko"):
        corpora.tatoeba(tmp_path / "pairs.tsv")
