"""Files that appear whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def written(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Where to write what is to become the file `path`; it takes its place when the block ends, over one that may be there.

    A block that raises (the disk is full, Ctrl+C) leaves the file that was there, and nothing beside it.

    >>> folder = Path(tempfile.mkdtemp())
    >>> with written(folder / "a.txt") as unfinished:
    ...     _ = unfinished.write_text("whole")
    >>> [(path.name, path.read_text()) for path in folder.iterdir()]
    [('a.txt', 'whole')]
    """
    path = Path(path)
    unfinished = path.with_name(
        f"{path.name}.{os.getpid()}.part"
    )  # of this process: two must not write into one
    try:
        yield unfinished
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())  # a disk may say only now that it is full
        unfinished.replace(path)
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def check_writable(folder: str | os.PathLike[str]) -> None:
    """Makes the folder if need be, and raises OSError, naming it, where no file can be written there."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0")
    except OSError as problem:
        raise OSError(
            problem.errno, f"nothing can be written there ({problem.strerror})", str(folder)
        ) from problem
