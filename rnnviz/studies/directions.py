"""Where does a state go for one kind of character? The mean state there less the mean state elsewhere.

    model = rnnviz.live.shipped("shakespeare-lstm")
    towards = rnnviz.directions.of(model, rnnviz.directions.written(model), "line ends", layer=1)     # (unit,)
    changing.changed(model, text, [Change("hidden", "lead", steps=(4, 7), value=2.0, layer=1, toward="line ends")])

Difference of means, as steering vectors have it (Turner et al. 2023, arXiv:2308.10248; Marks & Tegmark 2023, arXiv:2310.06824):
what goes along with the kind in this text, be it used by the network or not. Added to a state, it shows which.
"""

import re
from collections.abc import Generator

import numpy as np
import xarray as xr

from rnnviz.studies import live, probing
from rnnviz.studies.live import Live
from rnnviz.studies.progress import Done, ended
from rnnviz.studies.telling import KINDS
from rnnviz.told import Told

WRITTEN = 4000  # tokens that a model writes, to take means over
FEWEST = 20  # tokens of the kind, and of the rest
CHARACTER = re.compile("u[0-9a-f]{1,6}")  # one character, by its code point
NAMES = (*KINDS, "quotations")


def known(toward: str) -> bool:
    """Whether it names a direction: a kind of character, or one character, as 'u65' names e."""
    return toward in NAMES or bool(CHARACTER.fullmatch(toward) and int(toward[1:], 16) <= 0x10FFFF)


def masked(text: str, toward: str) -> list[bool]:
    """Of each character of a text whether it is of the kind. Raises ValueError for a name that is none."""
    if not known(toward):
        raise Told(
            "a direction is one of {names}, or u with a code point; got {toward!r}",
            names=", ".join(NAMES),
            toward=toward,
        )
    if toward == "quotations":
        return [bool(inside) for inside in probing.PROPERTIES["in a quotation"].of(list(text))]
    if toward in KINDS:
        return [bool(one) for one in KINDS[toward](text)]
    return [character == chr(int(toward[1:], 16)) for character in text]


def of(
    subject: Live,
    text: str,
    toward: str,
    field: str = "hidden",
    *,
    layer: int = 0,
    direction: int = 0,
    module: str | None = None,
) -> xr.DataArray:
    """The mean of a field after tokens of a kind less its mean after all others, (unit,).

    text: what the means are taken over, of at least FEWEST tokens of the kind and of the rest; a token counts by its last
    character. toward: see `known`. In attrs `inside` and `outside`, how many tokens each mean is of. Raises ValueError where
    there are too few, or no such field; LiveError as `Live.read`.
    """
    came = subject.read(text)
    module = came.subject.only(module)
    node = came.subject.layer(module, layer, direction)
    if field not in node or "time" not in node[field].dims:
        raise Told("{module} has no {field!r}", module=module, field=field)
    values = node[field].values.astype(np.float64)
    where = masked("".join(came.tokens), toward)
    inside = np.array([where[end - 1] for end in np.cumsum([len(token) for token in came.tokens])], bool)
    if len(inside) != len(values):
        raise Told(
            "{module} takes {count} steps; the text has {count_2} tokens",
            module=module,
            count=len(values),
            count_2=len(inside),
        )
    counts = int(inside.sum()), int((~inside).sum())
    if min(counts) < FEWEST:
        raise Told(
            "a direction needs {fewest} characters of the kind and as many others; this text has {inside} and {outside}",
            fewest=FEWEST,
            inside=counts[0],
            outside=counts[1],
        )
    found = values[inside].mean(0) - values[~inside].mean(0)
    return xr.DataArray(
        found.astype(np.float32),
        dims="unit",
        attrs={
            "long_name": f"direction towards {toward}",
            "units": "1",
            "inside": counts[0],
            "outside": counts[1],
        },
    )


def written(subject: Live, text: str | None = None, seed: int = 1) -> str:
    """What a language model goes on with after a text, by default its own, up to WRITTEN tokens, to take means over."""
    return ended(probing.gone_on(subject, subject.text if text is None else text, WRITTEN, seed))


def shipped(
    name: str, text: str, toward: str, field: str, layer: int, seed: int
) -> Generator[Done, None, xr.Dataset]:
    """`of` what a shipped model goes on with after a text, for a worker: `lead` (unit,). Raises ValueError, CheckpointError."""
    subject = live.shipped(name)
    corpus = yield from probing.gone_on(subject, text, WRITTEN, seed)
    yield Done(WRITTEN, WRITTEN, "reading")
    found = of(subject, corpus, toward, field, layer=layer)
    return xr.Dataset({"lead": found}, attrs=found.attrs)
