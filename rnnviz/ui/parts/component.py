"""Components of our own: script and style lie beside the python that fills them."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import streamlit as st

from rnnviz.ui.shell.language import _
from rnnviz.ui.shell.server import script_url

COMMON = Path(__file__).with_name("common.css")

# all that is sent of a script: Streamlit calls the default export at every change of data, maybe before the file has come,
# and ends a call before or after the next one has begun; so only the last call of a place draws, and the place is taken away
# when the last call ends that is no longer on the page
LOADER = """\
const script = import(new URL("{url}", document.baseURI));
const latest = new WeakMap();
export default async (call) => {{
  const place = call.parentElement;
  const isLatest = () => latest.get(place) === call;
  latest.set(place, call);
  const module = await script.catch(() => null);
  if (!isLatest()) return;
  const end = module ? module.default(call) : say(place, call.data.unloaded);
  return () => isLatest() && !place.isConnected && end();
}};
function say(place, line) {{
  const shown = Object.assign(document.createElement("p"), {{ className: "rnnviz-unloaded", role: "alert", textContent: line }});
  place.querySelector(".rnnviz-unloaded")?.remove();
  place.append(shown);
  return () => shown.remove();
}}
"""


def component(folder: Path) -> Callable:
    """The component in a folder: the module NAME.js, and NAME.css after what all of them have in common. Call it to draw."""
    css = COMMON.read_text("utf-8") + (folder / f"{folder.name}.css").read_text("utf-8")
    js = LOADER.format(url=script_url(folder / f"{folder.name}.js"))
    mount = st.components.v2.component(f"rnnviz_{folder.name}", css=css, js=js, isolate_styles=False)

    def draw(*, data: dict, on: Mapping[str, Callable] | None = None, **more):
        """data: what the script is called with; on: by the name of a trigger, what is told its value before the page runs
        again; more: as Streamlit takes it (key, default, on_NAME_change of a state)."""
        unloaded = _(
            "This picture could not be loaded. Reload the page; if that does not help, restart the app."
        )
        key = more.get("key")
        told = {"on_told_change": partial(_hear, key, on)} if on else {}
        heard = st.session_state.get(f"{key}_heard", 0)
        return mount(data={**data, "unloaded": unloaded, "heard": heard}, **told, **more)

    return draw


def _hear(key: str, acts: Mapping[str, Callable]) -> None:
    """The script tells [number, name, value] of all that it has not been answered yet: the value goes to the act of that name,
    in order and once. The last number goes back with the next data, so that the script knows what they answer."""
    told = (st.session_state.get(key) or {}).get("told")
    for trigger in told if isinstance(told, list) else ():
        match trigger:
            case [int(number), str(name), value] if name in acts and number > st.session_state.get(
                f"{key}_heard", 0
            ):
                st.session_state[f"{key}_heard"] = number
                acts[name](value)
