"""rnnviz course: what cannot be done is said in one line, before anything is computed."""

import os

import pytest

from rnnviz.cli import extras, main


def said(capsys, *arguments):
    status = main(["course", *arguments])
    line = capsys.readouterr().err
    assert line.count("\n") == 1 and line.startswith("rnnviz: ")
    return status, line


def test_a_folder_that_holds_something_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    status, line = said(capsys, "--out", str(tmp_path))
    assert status == 2 and "is not empty" in line
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_is_no_folder(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    status, line = said(capsys, "--out", str(tmp_path / "mine.txt"))
    assert status == 2 and "is a file" in line


def test_a_folder_is_not_made_in_one_that_is_not_there(tmp_path, capsys):
    status, line = said(capsys, "--out", str(tmp_path / "none" / "course"))
    assert status == 2 and f"no such folder: {tmp_path / 'none'}" in line


@pytest.mark.skipif(os.getuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, capsys):
    tmp_path.chmod(0o500)
    status, line = said(capsys, "--out", str(tmp_path / "course"))
    assert status == 2 and "nothing can be written to" in line


def test_without_the_app_it_says_what_to_install(tmp_path, capsys, monkeypatch):
    found = extras.importlib.util.find_spec
    monkeypatch.setattr(
        extras.importlib.util, "find_spec", lambda name: None if name == "streamlit" else found(name)
    )
    status, line = said(capsys, "--out", str(tmp_path / "course"))
    assert status == 2 and "pip install 'rnnviz[app]'" in line
    assert not (tmp_path / "course").exists()


def test_another_language_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["course", "--out", str(tmp_path / "course"), "--language", "de"])
    assert "invalid choice: 'de'" in capsys.readouterr().err
