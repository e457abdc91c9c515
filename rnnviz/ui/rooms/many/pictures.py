"""The picture and what is said of it, from one computation."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from rnnviz.figures.style import GREY, SEVERAL, VERMILION
from rnnviz.paper.packing import LOOK, packed
from rnnviz.studies import trajectories
from rnnviz.told import Told
from rnnviz.ui.parts import listed
from rnnviz.ui.parts.component import component
from rnnviz.ui.parts.numbers import percent, shown
from rnnviz.ui.parts.tables import table_csv
from rnnviz.ui.rooms.many.material import Material
from rnnviz.ui.shell.keeping import kept
from rnnviz.ui.shell.language import _, current, said
from rnnviz.ui.shell.widgets import as_text, folded, notice

PATHS = 200_000  # bytes that the paths take as they are sent; where there are more steps, some are left out
WITH_TEXTS = 110_000  # the same, with the verdicts, where what was read is sent as well
TEXTS = 60_000  # bytes of what was read, as they are sent
MEANS = 100  # points of a mean path at most
GRAIN = 4095  # a place in the picture is one of so many, both ways
EVEN = 32_768  # stands for log odds of 0; one more is a thousandth of a nat
NEIGHBOURS = 5
LEAST = 20  # sequences of which a mean by step is drawn, or a fifth of the smallest group
BLUE = "#0072B2"

_many = component(Path(__file__).parent)


@dataclass(frozen=True, eq=False)
class Drawn:
    """paths: (state, component). axes: as studies.trajectories.axes has them. groupings: in how many ways they are coloured."""

    paths: xr.DataArray
    axes: xr.Dataset
    groupings: tuple["Grouping", ...]


@dataclass(frozen=True, eq=False)
class Grouping:
    """One way to colour the sequences. of: (sequence,), which group each is in, −1 for none."""

    key: str
    title: str
    names: tuple[str, ...]
    colours: tuple[str, ...]
    of: np.ndarray


def show(material: Material) -> None:
    """What stands below the choice of what is looked at."""
    try:
        drawn = kept(computed, material)
        near = kept(_nearest, material)
    except Told as problem:
        notice(said(problem))
        return
    _many(data=kept(data, material, drawn, near), key="many")
    for line in kept(lines, material, drawn, near):
        st.markdown(as_text(line))
    if material.note:
        st.caption(as_text(material.note))
    with st.expander(_("The groups in numbers")):
        table_csv(kept(_table, material, drawn), "rnnviz-many-groups")
        st.download_button(
            _("Download all sequences (CSV)"),
            data=lambda: _every(material, drawn).to_csv(index=False).encode("utf-8"),
            file_name="rnnviz-many.csv",
            mime="text/csv",
            key="csv_many",
            on_click="ignore",
        )


# ---- what is computed ----------------------------------------------------------------------------------------------


def computed(material: Material) -> Drawn:
    axes = trajectories.axes(material.found)
    return Drawn(trajectories.paths(material.found, axes), axes, tuple(_groupings(material)))


def _nearest(material: Material) -> dict[str, xr.Dataset]:
    """The neighbours of each sequence, by how they are measured."""
    return {one: trajectories.nearest(material.found, NEIGHBOURS, one) for one in trajectories.METRICS}


def _groupings(material: Material) -> Iterator[Grouping]:
    if material.labels:
        colours = (VERMILION, BLUE) if material.sort == "review" else SEVERAL
        yield Grouping(
            "label", _("label"), material.labels, tuple(colours[: len(material.labels)]), material.label
        )
    elif "verdict" in material.found:
        praise = trajectories.last(material.found) > 0
        names = (_("judged criticism"), _("judged praise"))
        yield Grouping("verdict", _("verdict"), names, (VERMILION, BLUE), praise.astype(int))
    if material.missed is not None:
        yield _right(material)
    if (length := _lengths(material.found["length"].values)) is not None:
        yield length
    elif not material.labels and "verdict" not in material.found:
        names = (_("all sequences"),)
        yield Grouping("all", _("all alike"), names, (BLUE,), np.zeros(material.count, int))


def _right(material: Material) -> Grouping:
    missed = np.isin(np.arange(material.count), material.missed)
    if material.sort == "review":
        names = (_("judged right"), _("praise, judged wrong"), _("criticism, judged wrong"))
        of = np.where(missed, np.where(material.label == 1, 1, 2), 0)
        of[material.label < 0] = -1
        return Grouping("right", _("right or wrong"), names, (GREY, BLUE, VERMILION), of)
    of = np.where(missed, 1, np.where([bool(one) for one in material.said], 0, -1))
    return Grouping("right", _("right or wrong"), (_("right"), _("wrong")), (GREY, VERMILION), of)


def _lengths(length: np.ndarray) -> Grouping | None:
    """Short, middle and long, about a third each; None where they are all alike."""
    low, high = np.quantile(length, (1 / 3, 2 / 3), method="lower")
    of = (length > low).astype(int) + (length > high)
    there = np.unique(of)
    if len(there) < 2:
        return None
    of = np.searchsorted(there, of)
    names = tuple(
        _("{low} to {high} steps").format(low=int(length[of == one].min()), high=int(length[of == one].max()))
        for one in range(len(there))
    )
    return Grouping("length", _("length"), names, ("#E69F00", "#009E73", "#0072B2")[-len(there) :], of)


# ---- what is sent --------------------------------------------------------------------------------------------------


def data(material: Material, drawn: Drawn, near: Mapping[str, xr.Dataset]) -> dict:
    """What the script draws of; its shape is declared in types.js."""
    found, paths = material.found, drawn.paths.values
    lengths = found["length"].values
    room = PATHS if material.tokens is None else WITH_TEXTS
    every, kept_states, counts = thinned(lengths, room * 3 // 4 // (5 if "verdict" in found else 3))
    low, high = paths.min(0).astype(float), paths.max(0).astype(float)
    high = np.where(high > low, high, low + 1)
    share = drawn.axes["share"].values
    verdict = None
    if "verdict" in found:
        odds = np.clip(found["verdict"].values[kept_states], -32, 32)
        verdict = packed(np.rint(1000 * odds + EVEN).astype(np.uint16))
    texts, apart = _texts(material)
    means = {
        grouping.key: {by: _mean(drawn, lengths, grouping, by) for by in trajectories.BYS}
        for grouping in drawn.groupings
    }
    return {
        "id": material.key,
        "paths": base64.b64encode(grained(paths[kept_states], low, high)).decode(),
        "box": [*map(float, low), *map(float, high)],
        "counts": packed(counts.astype(np.uint16)),
        "lengths": packed(np.minimum(lengths, 65_535).astype(np.uint16)),
        "every": int(every),
        "verdict": verdict,
        "names": list(material.names) or None,
        "texts": texts,
        "apart": apart,
        "says": [_about(material, number) for number in range(material.count)],
        "groupings": [
            {
                "key": grouping.key,
                "title": grouping.title,
                "groups": [
                    {"name": name, "colour": colour, "count": int((grouping.of == place).sum())}
                    for place, (name, colour) in enumerate(zip(grouping.names, grouping.colours, strict=True))
                ],
                "grey": grouping.colours.index(GREY) if GREY in grouping.colours else None,
                "of": packed(np.where(grouping.of < 0, 255, grouping.of).astype(np.uint8)),
                "means": means[grouping.key],
            }
            for grouping in drawn.groupings
        ],
        "nearest": {
            metric: {
                "who": packed(one["neighbour"].values.astype(np.uint16)),
                "far": packed(one["distance"].values.astype(np.float32)),
                "ranks": one.sizes["rank"],
            }
            for metric, one in near.items()
        },
        "missed": None if material.missed is None else [int(one) for one in material.missed],
        "axes": [
            _("main direction {number}: {share} of the variance").format(
                number=place + 1, share=percent(float(one))
            )
            for place, one in enumerate(share)
        ],
        "link": material.link and f"{material.link}&lang={current()}",
        "numbers": material.numbers,
        "labels": _words(material, drawn, share),
        **LOOK,
    }


def thinned(lengths: np.ndarray, most: int) -> tuple[int, np.ndarray, np.ndarray]:
    """Which states are sent, about `most`: every so many-th of each sequence, and its last. Returns how many-th, where these
    states are, and how many of each sequence."""
    every = 1
    while (counts := -(-(lengths - 1) // every) + 1).sum() > most and every < lengths.max():
        every += 1
    begin = trajectories.starts(lengths)
    places = [
        np.minimum(np.arange(count) * every, length - 1) + first
        for count, length, first in zip(counts, lengths, begin[:-1], strict=True)
    ]
    return every, np.concatenate(places), counts


def grained(points: np.ndarray, low: np.ndarray, high: np.ndarray) -> bytes:
    """Points of the plane as three bytes each: twelve bits across, from low to high, then twelve up."""
    across, up = np.rint((points - low) / (high - low) * GRAIN).astype(np.uint32).T
    found = np.empty((len(points), 3), np.uint8)
    found[:, 0], found[:, 1], found[:, 2] = across >> 4, (across & 15) << 4 | up >> 8, up & 255
    return found.tobytes()


def _texts(material: Material) -> tuple[list[str] | None, str]:
    """What was read, the tokens of each sequence in one text, and what stands between them; long ones are cut."""
    if material.tokens is None:
        return None, ""
    alone = all(len(token) == 1 for row in material.tokens for token in row)
    apart = "" if alone else " "
    whole = [apart.join(row) for row in material.tokens]

    def cut(most: int) -> list[str]:
        return [text if len(text) <= most else text[: most - 1] + "…" for text in whole]

    most = max(map(len, whole))
    while (
        len(json.dumps(cut(most))) > TEXTS and most > 24
    ):  # as Streamlit sends it, a letter of Hangul is six bytes
        most = most * 4 // 5
    return cut(most), apart


def _about(material: Material, number: int) -> str:
    """A line on one sequence: what it is, and what the model made of it."""
    label = int(material.label[number]) if len(material.label) else -1
    what = material.labels[label] if label >= 0 else ""
    answer = material.said[number] if material.said else ""
    return " · ".join(filter(None, (what, answer)))


def _mean(drawn: Drawn, lengths: np.ndarray, grouping: Grouping, by: str) -> dict:
    sizes = np.bincount(grouping.of[grouping.of >= 0])
    least = int(np.clip(sizes[sizes > 0].min(initial=LEAST * 5) // 5, 2, LEAST)) if by == "step" else 2
    found = trajectories.mean_path(drawn.paths, lengths, grouping.of, by=by, least=least)
    if found.sizes["point"] > MEANS:
        found = found.isel(point=np.unique(np.linspace(0, found.sizes["point"] - 1, MEANS).astype(int)))
    covariance = found["covariance"].values
    spread = np.stack((covariance[..., 0, 0], covariance[..., 0, 1], covariance[..., 1, 1]), -1)
    return {
        "at": packed(found["at"].values.astype(np.float32)),
        "mean": packed(found["mean"].values.astype(np.float32)),
        "spread": packed(spread.astype(np.float32)),
        "count": packed(np.minimum(found["count"].values, 65_535).astype(np.uint16)),
    }


def _words(material: Material, drawn: Drawn, share: np.ndarray) -> dict[str, str]:
    review = material.sort == "review"
    summary = _(
        "Paths of {count} sequences through {units} units, in the plane of the two main directions ({share} of the variance)."
    )
    return {
        "summary": summary.format(
            count=material.count, units=material.found.sizes["unit"], share=percent(float(share.sum()))
        ),
        "colour": _("Colour by"),
        "by": _("The cursor counts"),
        "share": _("share of the length"),
        "step": _("number of steps"),
        "back": _("One step back"),
        "forward": _("One step forward"),
        "metric": _("Neighbours by"),
        "cosine": _("direction (cosine)"),
        "euclid": _("distance (Euclid)"),
        "play": _("Play or pause"),
        "cursor": _("Where the dots are"),
        "atShare": _("{share} of the way: all {count}"),
        "atStep": _("step {step}: {count} of {all} are that long"),
        "before": _("One before"),
        "after": _("One after"),
        "called": _("Review {number}") if review else _("Sequence {number}"),
        "steps": _("{count} steps"),
        "nearest": _("Nearest by the last state"),
        "missed": _("Judged wrong: {count} of {all}, the surest first")
        if review
        else _("Judged wrong: {count} of {all}"),
        "none": _("None is judged wrong."),
        "praise": _("probability of praise at the cursor: {share}"),
        "low": _("criticism"),
        "high": _("praise"),
        "open": _("Open it on “Sentiment”") if review else _("Open it on “Hidden states”"),
        "mean": _("bold: their mean; ellipse: one standard deviation at the cursor"),
    }


# ---- what is said --------------------------------------------------------------------------------------------------


def lines(material: Material, drawn: Drawn, near: Mapping[str, xr.Dataset]) -> list[str]:
    """What can be read off, in numbers of these very sequences."""
    found = [
        _(
            "The picture keeps {share} of the variance of {states:,} states of {units} units; the rest does not show."
        ).format(
            share=percent(float(drawn.axes["share"].sum())),
            states=material.found.sizes["state"],
            units=material.found.sizes["unit"],
        )
    ]
    if material.sort != "review" or not material.labels:
        return found
    lengths = material.found["length"].values
    means = trajectories.mean_path(drawn.paths, lengths, material.label, by="share", least=1)
    if means.sizes["group"] == 2 and bool(means["mean"].notnull().all()):
        gap = trajectories.gap(means)
        ratio = (gap["distance"] / gap["spread"]).values
        line = _(
            "The mean paths of praise and criticism lie {first} standard deviations apart at the first token, {half} halfway and "
            "{last} at the end."
        )
        found.append(
            line.format(first=_brief(ratio[0]), half=_brief(ratio[len(ratio) // 2]), last=_brief(ratio[-1]))
        )
    known = int((material.label >= 0).sum())
    missed = material.missed
    if missed is not None and known:
        line = _("Judged right: {right} of {all} ({share}).")
        text = line.format(right=known - len(missed), all=known, share=percent(1 - len(missed) / known))
        if len(missed):
            strayed = trajectories.strayed(drawn.paths, lengths, material.label)
            more = _(
                "Of the {count} judged wrong, {strayed} end nearer to the mean end of the other label; of the others, {others}."
            )
            text += " " + more.format(
                count=len(missed),
                strayed=int(strayed[missed].sum()),
                others=int(strayed.sum() - strayed[missed].sum()),
            )
        found.append(text)
    praise = trajectories.last(material.found) > 0
    closest = near["cosine"]
    alike = float((praise[closest["neighbour"].values] == praise[:, None]).mean())
    line = _("Of the {count} nearest of each review (cosine), {share} got the same verdict.")
    found.append(line.format(count=closest.sizes["rank"], share=percent(alike)))
    return found


def _brief(value: float) -> str:
    return f"{value:.1f}"


def _table(material: Material, drawn: Drawn) -> pd.DataFrame:
    """Where the mean path of each group begins and ends, and how far its sequences spread there."""
    rows = []
    for grouping in drawn.groupings:
        means = trajectories.mean_path(
            drawn.paths, material.found["length"], grouping.of, by="share", least=1
        )
        mean, covariance = means["mean"].values, means["covariance"].values
        for place, name in enumerate(grouping.names[: len(mean)]):
            begins, ends = ("(" + ", ".join(map(shown, mean[place, at].tolist())) + ")" for at in (0, -1))
            spread = shown(float(np.sqrt(np.trace(covariance[place, -1]))))
            rows.append((name, grouping.title, int(means["count"].values[place, -1]), begins, ends, spread))
    names = (
        _("group"),
        _("coloured by"),
        _("sequences"),
        _("mean begins at"),
        _("mean ends at"),
        _("spread at the end"),
    )
    return pd.DataFrame(rows, columns=names).set_index(names[0])


def _every(material: Material, drawn: Drawn) -> pd.DataFrame:
    """Each sequence with where it ends."""
    ends = drawn.paths.values[trajectories.starts(material.found["length"])[1:] - 1]
    frame = pd.DataFrame(
        {_("name"): [listed.safe(material.called(number)) for number in range(material.count)]}
    )
    if material.tokens is not None:
        frame[_("text")] = [listed.safe(" ".join(row)) for row in material.tokens]
    frame[_("steps")] = material.found["length"].values
    frame[_("about")] = [_about(material, number) for number in range(material.count)]
    frame["x"], frame["y"] = ends[:, 0], ends[:, 1]
    return frame


def reading() -> None:
    """How to read the picture, folded below."""
    folded(
        (
            _(
                "A point is the hidden state h after one token. All states of all sequences together spread most along two "
                "directions (principal components, fitted on exactly these states): these are the axes, on one scale."
            ),
            _(
                "The bold line is the mean path of a colour, and the ellipse one standard deviation around it at the cursor. By "
                "steps, only those sequences count that are that long; by share of the length, all of them."
            ),
            _(
                "Neighbours and verdicts are computed from all units, not from the two directions: two points that lie together "
                "here can be far apart."
            ),
        )
    )
