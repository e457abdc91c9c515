"""What a reader calls units: a small file beside the store, which whoever gets the store may read and write."""

import json
from pathlib import Path

from rnnviz import files
from rnnviz.studies.corpus.opened import Corpus
from rnnviz.told import Told

FORMAT = "rnnviz units 1"
LONGEST = 80  # characters of a name
LARGEST = 4 << 20  # bytes of a file

Names = dict[tuple[str, int], str]


def path(corpus: Corpus) -> Path:
    """Where the names of a corpus are kept: states.zarr.units.json beside states.zarr."""
    return corpus.path.with_name(f"{corpus.path.name}.units.json")


def names(corpus: Corpus) -> Names:
    """What units of a corpus are called, by place and number; none where none was named. Raises Told for a damaged file."""
    file = path(corpus)
    if not file.exists():
        return {}
    try:
        if file.stat().st_size > LARGEST:
            raise ValueError
        said = json.loads(file.read_text("utf-8"))
        if said["format"] != FORMAT:
            raise ValueError
        return {
            (place, int(unit)): checked(name)
            for place, units in said["names"].items()
            for unit, name in units.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Told("{path} holds no names of units: move it away, and name them again", path=file) from None


def name(corpus: Corpus, place: str | None, unit: int, called: str) -> Names:
    """Calls a unit so from now on; '' for nothing. Returns all names. Raises Told for a unit that is not there, a name that is
    too long, and a file that is damaged."""
    own = corpus.place(place)
    corpus.units(own, [unit])
    called = checked(called)
    with files.alone(path(corpus).with_suffix(".lock"), f"{path(corpus)} is written"):
        known = names(corpus) | {(own, unit): called}
        known = {key: one for key, one in known.items() if one}
        said: dict[str, dict[str, str]] = {}
        for (each, number), one in sorted(known.items()):
            said.setdefault(each, {})[str(number)] = one
        with files.written(path(corpus)) as unfinished:
            unfinished.write_text(
                json.dumps({"format": FORMAT, "names": said}, ensure_ascii=False, indent=1), "utf-8"
            )
    return known


def checked(called: str) -> str:
    """A name as it is kept: one line of printable characters, none of them at its ends."""
    found = " ".join(called.split())
    if len(found) > LONGEST or not found.isprintable():
        raise Told("a unit's name has up to {most} characters, all of them printable", most=LONGEST)
    return found
