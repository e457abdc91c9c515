"""What the pages show in more than one place."""

import pandas as pd

from rnnviz.ui.parts import tables


def test_a_table_without_a_file_of_its_own_is_saved_as_it_is_shown(monkeypatch):
    given = []
    monkeypatch.setattr(tables.st, "dataframe", lambda frame, **more: given.append(frame))
    monkeypatch.setattr(tables.st, "download_button", lambda label, data, **more: given.append(data()))
    shown, file = pd.DataFrame({"a": ["−0.1"]}), pd.DataFrame({"a": [-0.123456789], "b": ["−"]})
    tables.table_csv(shown, "name")
    tables.table_csv(shown, "name", file)
    assert given[0] is given[2] is shown
    assert given[1] == b",a\n0,-0.1\n" and given[3] == ",a,b\n0,-0.123456789,−\n".encode()
