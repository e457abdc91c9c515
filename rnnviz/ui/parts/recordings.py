"""A recording to take away: as a file of numbers, or as a page to look at."""

import streamlit as st
import xarray as xr

from rnnviz import trace
from rnnviz.paper import contents, file
from rnnviz.ui.parts.explored.backs import with_gradients
from rnnviz.ui.parts.explored.runs import Run
from rnnviz.ui.shell.language import _


def take_away(tree: xr.DataTree, name: str) -> None:
    """A button that saves a trace as netCDF; the file is made only when asked for. name: of the file."""
    st.download_button(
        _("Download the recording (netCDF)"),
        data=lambda: trace.packed(tree),
        file_name=f"{name}.nc",
        mime="application/x-netcdf",
        on_click="ignore",
        help=_("All states, gates and weights; open it with rnnviz.open_trace or xarray."),
    )


def take_page(run: Run) -> None:
    """A button that saves what is looked at as a page; it is made only when asked for. Where it would hold too much, the button
    says so. Of a shipped model, the loss of the last step is sent back for it."""
    choice = {"modules": [run.module], "sequences": [run.sequence]}
    said = _(
        "One file with states, gates and gradients that any browser opens, without a server and without the internet."
    )
    try:
        contents.checked(run.subject, **choice)
    except ValueError as problem:
        said = str(problem)
        large = True
    else:
        large = False
    name = run.name.replace("/", "-")
    st.download_button(
        _("Download this view as a page (HTML)"),
        data=lambda: file.written(contents.packed(with_gradients(run), run.name, **choice)),
        file_name=f"{name}.html",
        mime="text/html",
        on_click="ignore",
        disabled=large,
        help=said,
    )
