"""Pages as the app draws them, run without a browser and without a server, in every view that a file is to hold."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from streamlit.testing.v1 import AppTest

from rnnviz import shipped
from rnnviz.ui.offline.choices import Axis
from rnnviz.ui.offline.elements import Control, Sheet
from rnnviz.ui.rooms import OF_ROOM, SETTINGS
from rnnviz.ui.shell import offline, ways

PATIENCE = 600  # seconds that one view may take
TOLD = {"counting": "tokens", "blank": "words", "board": "tokens"}  # what of a component's data is clicked


@dataclass(frozen=True)
class View:
    """chosen: by the number of an axis that can be seen, which option. held: what those stand for, as the app's links have it.
    questions: what is guessed before it."""

    chosen: dict[int, int]
    held: dict[str, str]
    sheet: Sheet
    questions: list[dict]


@dataclass(frozen=True)
class Found:
    """An axis on the page as it stands. options: the settings that each stands for. now: the one shown, None for none of them."""

    labels: tuple[str, ...]
    options: tuple[Mapping[str, object], ...]
    now: int | None


class Visit:
    """A reader who goes from page to page in one language."""

    def __init__(self, language: str):
        self.test = AppTest.from_file(str(shipped.path("app.py")), default_timeout=PATIENCE)
        self.test.query_params["lang"] = language
        self.kept: dict = {}
        self.test.session_state[offline.KEY] = self.kept
        self.room = ""
        self.clicks: dict[str, tuple[Mapping[str, object], ...]] = {}

    @property
    def settings(self) -> dict:
        return self.test.session_state["settings"]

    def go(self, room: str) -> None:
        """To a page, as it opens."""
        self.room, self.clicks = room, {}
        self.test.switch_page(ways.FILES[room])
        if "settings" in self.test.session_state:
            self.settings.update({name: one.default for name, one in SETTINGS.items()})
        self._run()

    def show(self, chosen: Mapping[str, object]) -> None:
        """The page with these settings, and all others as it opens with."""
        self.settings.update({name: SETTINGS[name].default for name in OF_ROOM[self.room]} | dict(chosen))
        self._run()

    def _run(self) -> None:
        self.kept.clear()
        self.test.run()
        if self.test.exception:
            problem = self.test.exception[0]
            raise RuntimeError(f"the page {self.room} could not be drawn: {problem.message}")

    # ---- what can be chosen ---------------------------------------------------------------------------------------

    def views(
        self, axes: Sequence[Axis], sheet: Callable[[dict[str, Control]], Sheet], most: int | None = None
    ) -> Iterator[View]:
        """Every view of the page, the one that it opens with first. sheet: an empty one. most: so many views at most."""
        self.clicks = {axis.control: self._clicked(axis) for axis in axes if axis.clicked}
        waiting: list[tuple[dict[int, int], dict[int, Mapping[str, object]]]] = [({}, {})]
        count = 0
        while waiting and (most is None or count < most):
            before, asked = waiting.pop(0)
            self.show({name: value for at in sorted(asked) for name, value in asked[at].items()})
            found = {at: one for at, axis in enumerate(axes) if (one := self._found(axis)) is not None}
            chosen = {at: before.get(at, 0) if one.now is None else one.now for at, one in found.items()}
            held: dict[str, str] = {}
            for at, one in found.items():
                held |= _in_a_link(one.options[chosen[at]])
            controls = {axes[at].control: Control(at, one.labels, one.now) for at, one in found.items()}
            drawn = sheet(controls).draw(self.test.main)
            yield View(chosen, held, drawn, list(self.kept.get("questions", ())))
            count += 1
            last = max(asked, default=-1)  # what is asked for in the order of the axes comes once each way
            waiting += [
                (chosen | {at: option}, asked | {at: settings})
                for at, one in found.items()
                if at > last
                for option, settings in enumerate(one.options)
                if option != chosen[at]
            ]

    def _found(self, axis: Axis) -> Found | None:
        """The axis on the page as it stands; None where the page does not show it."""
        return self._places(axis) if axis.heard else self._widget(axis)

    def _places(self, axis: Axis) -> Found | None:
        for one in self.test.get("bidi_component"):
            if one.proto.component_name == f"rnnviz_{axis.control}":
                data = json.loads(one.proto.json)
                count = len(data[TOLD[axis.control]])
                now = self.settings[axis.heard]
                shown = data.get("place", count - 1) if now is None else now
                options = tuple({axis.heard: place} for place in range(count))
                return Found(("",) * count, options, shown) if count else None
        return None

    def _widget(self, axis: Axis) -> Found | None:
        one = self._one(axis.control)
        if one is None:
            return None
        if axis.labelled:
            options = tuple({axis.labelled: label} for label in one.options)
        else:
            options = self.clicks.get(axis.control) or axis.options
        values = axis.clicked or [next(iter(o.values())) if len(o) == 1 else None for o in options]
        labels = tuple(one.options) if axis.labelled or None in values else None
        if labels is None:
            there = [at for at, value in enumerate(values) if _has(one, value)]
            options, values = tuple(options[at] for at in there), [values[at] for at in there]
            labels = tuple(self._label(one, value) for value in values)
        now = self.settings
        shown = next((at for at, o in enumerate(options) if all(now[n] == v for n, v in o.items())), None)
        if (one.type == "button_group" and not axis.clicked and one.proto.click_mode == 0) or axis.clicked:
            shown = one.indices[0] if one.indices else None
        elif one.type in ("slider", "number_input"):  # which may show what is no setting yet
            shown = values.index(one.value) if one.value in values else None
        return Found(labels, options, shown)

    def _one(self, key: str):
        kinds = ("button_group", "slider", "select_slider", "number_input", "selectbox")
        return next((one for kind in kinds for one in self.test.get(kind) if one.key == key), None)

    @staticmethod
    def _label(one, value: object) -> str:
        if isinstance(value, list):
            return " + ".join(one.format_func(each) for each in value)
        if one.type in ("slider", "number_input"):
            return f"{value:g}".replace("-", "−")
        return str(one.format_func(value))

    def _clicked(self, axis: Axis) -> tuple[Mapping[str, object], ...]:
        """The settings that each option of a widget stands for, by choosing it."""
        found = []
        for value in axis.clicked:
            self.show({})
            before = {name: self.settings[name] for name in OF_ROOM[self.room]}
            self._one(axis.control).set_value(value)
            self._run()
            found.append(
                {name: self.settings[name] for name in before if self.settings[name] != before[name]}
            )
        return tuple(found)


def _has(one, value: object) -> bool:
    """Whether a widget offers it, as the page stands: of what an axis names, a view may have less."""
    if one.type in ("slider", "number_input"):
        return one.min <= value <= one.max
    return all(
        str(one.format_func(each)) in one.options for each in (value if isinstance(value, list) else [value])
    )


def _in_a_link(settings: Mapping[str, object]) -> dict[str, str]:
    """Settings as the app's links hold them."""

    def one(name: str, value: object) -> str:
        if isinstance(value, list):
            return ",".join(value)
        return str(value + 1 if SETTINGS[name].counts and isinstance(value, int) else value)

    return {name: one(name, value) for name, value in settings.items()}
