"""Recordings of the reader's own in a real browser: shown from a script, chosen on the page, brought by upload."""

import re

import pytest
from playwright.sync_api import expect

import rnnviz
from rnnviz.studies import subjects
from tests.browser.conftest import Reader, at_rest, violations
from tests.conftest import until
from tests.studies.test_subjects import long, recorded  # noqa: F401  the fixtures


class Plain(Reader):
    """Of a page that has no board."""

    def open(self, path: str = "/") -> Reader:
        self.tab.goto(self.address + path)
        return self.rests()


def test_a_script_shows_what_it_has_recorded_and_ends_what_it_started(reader, recorded, long):  # noqa: F811
    trace = rnnviz.open_trace(recorded[2])
    with rnnviz.view(trace, recorded[2], long, browser=False) as viewed:
        address, _slash, page = viewed.address.partition("/states")
        assert re.fullmatch(r"\?subject=recording\.nc~[0-9a-f]{16}", page)
        assert 'src="' in viewed._repr_html_() and "embed=true" in viewed._repr_html_()
        seen = reader(f"/states{page}", address=address)
        tab = seen.tab
        expect(tab.locator(".rv-strip")).to_contain_text("word·0")
        expect(tab.get_by_role("combobox", name="Module")).to_be_visible()
        box = seen.box("hidden")
        tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        unit = int(re.search(r"unit (\d+)", tab.locator(".rv-readout").inner_text()).group(1))
        step = int(re.search(r"step (\d+)", tab.locator(".rv-readout").inner_text()).group(1))
        hidden = trace["encoder"]["hidden"].isel(
            layer=0, direction=0, batch=0, projection=unit, time=step - 1
        )
        said = tab.locator("[data-figure=hidden] .rv-value").inner_text().replace("−", "-")
        assert float(said) == pytest.approx(hidden.item(), abs=1e-4)
        # another sequence: its own words, its own numbers
        seen.after(
            lambda: (tab.get_by_label("Sequence").click(), tab.get_by_role("option", name="2").click())
        )
        expect(tab.locator(".rv-readout")).to_contain_text("/ 3")
        seen.after(lambda: seen.goes_to("Gradients"))
        expect(tab.locator("[data-figure=norms] .rv-value")).to_contain_text("run.nc")
        assert violations(tab, "light", "dark") == []
        see_a_long_one(reader, address, long)
        process = viewed._process
    until(lambda: process.poll() is not None)


def see_a_long_one(reader, address, path):
    """What is pooled says so, and a drag brings the exact numbers and the names."""
    seen = reader(f"/gates?subject=long.nc~{subjects.fingerprint(path)}&unit=2", address=address)
    tab = seen.tab
    expect(tab.locator(".rv-passage")).to_have_text(re.compile("^Too many steps"))
    assert tab.locator(".rv-passage span").count() == 0
    said = tab.locator("[data-figure=inputs] .rv-value")
    box = seen.box("inputs")
    tab.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    expect(said).to_have_text(re.compile("^≈ "))
    expect(tab.locator(".rv-readout-token")).to_have_text(re.compile("^≈ 2026-0"))
    expect(tab.locator(".rv-life")).to_be_empty()
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * 0.52, box["y"] + box["height"] / 2)
    tab.mouse.up()
    expect(said).to_have_text(re.compile("^[^≈]+$"))
    expect(tab.locator(".rv-life")).to_contain_text("half-life")
    step = int(re.search(r"step (\d+)", tab.locator(".rv-readout").inner_text()).group(1)) - 1
    expect(tab.locator(".rv-readout-token")).to_have_text(f"2026-{step:06}")
    read = rnnviz.open_trace(path)["gru"]["input"].isel(batch=0, time=step).values
    numbers = re.findall(r"[−\d.]+(?= ·|$)", said.inner_text())
    assert [float(one.replace("−", "-")) for one in numbers] == pytest.approx(read.tolist(), abs=1e-3)
    expect(tab.locator(f".rv-passage span[data-step='{step}']")).to_have_text(f"2026-{step:06}")


def test_a_file_is_brought_found_and_looked_at(reader, recorded):  # noqa: F811
    seen = reader("/own", width=400, height=900, kind=Plain)
    tab = seen.tab
    tab.locator("input[type=file]").set_input_files(recorded[2])
    tab.wait_for_function("location.search.includes('subject=run.nc')")
    at_rest(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 400
    found = violations(
        tab, "light", "dark"
    )  # Streamlit's box for files is drawn with a role that contradicts its label
    assert [one for one in found if not all("stFileUploaderDropzone" in node for node in one[1])] == []
    tab.locator("[data-testid=stMain]").get_by_role("link", name="Gates").click()
    seen.drawn()
    assert f"run.nc~{subjects.fingerprint(recorded[2])}" in tab.url.replace("%7E", "~")
    expect(tab.locator("[data-figure=forget_gate] .rv-value")).not_to_be_empty()
    # a reload is another visit, which does not have the file: it says which one it wants
    tab.reload()
    expect(tab.get_by_text("which is not here")).to_be_visible()
