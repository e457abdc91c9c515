"""rnnviz course: the learn pages as files of a disk, for classrooms without a network."""

import argparse
from pathlib import Path

from rnnviz import files
from rnnviz.cli import app
from rnnviz.cli.extras import need
from rnnviz.cli.models import there

LANGUAGES = ("en", "ko")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "course",
        help="write the learn pages as files, for a classroom without a network",
        description="Writes every learn page as a file that any browser opens from a disk: index.html is the way through them. "
        "It takes a few minutes.",
    )
    command.add_argument("--out", required=True, metavar="FOLDER", help="new, or empty")
    command.add_argument(
        "--language",
        choices=(*LANGUAGES, "both"),
        default="both",
        help="of the pages; both of them by itself",
    )
    command.set_defaults(run=run, extra="app")


def run(options: argparse.Namespace) -> int:
    need(*app.NEEDED)
    there()
    out = Path(options.out)
    _check(out)
    from tqdm import tqdm

    from rnnviz.ui.offline import folder

    languages = LANGUAGES if options.language == "both" else (options.language,)
    out.mkdir(exist_ok=True)
    size, count = 0, 0
    with tqdm(total=len(languages) * folder.pages(), unit=" pages") as bar:

        def told(language: str, room: str) -> None:
            bar.set_description(f"{room} ({language})", refresh=True)

        for path in folder.write(out, languages, told=told):
            size += path.stat().st_size
            count += path.suffix == ".html"
            bar.update(path.suffix == ".html" and not path.name.startswith("index"))
    print(f"{count} pages, {size / 2**20:.1f} MiB: open {out / 'index.html'}")
    return 0


def _check(out: Path) -> None:
    """Raises an error, in one line, where the course cannot be written into that folder."""
    if out.is_dir():
        if any(out.iterdir()):
            raise FileExistsError(f"{out} is not empty: name a new folder, or an empty one")
    elif out.exists():
        raise NotADirectoryError(f"{out} is a file: name a new folder, or an empty one")
    elif not out.parent.is_dir():
        raise FileNotFoundError(f"no such folder: {out.parent}")
    files.check_writable(out)
