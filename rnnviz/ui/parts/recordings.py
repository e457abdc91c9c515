"""A recording to take away."""

import streamlit as st
import xarray as xr

from rnnviz import trace
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
