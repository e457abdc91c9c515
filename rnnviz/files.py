"""Files that appear whole or not at all, and are written by one process at a time."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: two processes are not kept apart there
    fcntl = None  # type: ignore[assignment]


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
    except OSError as problem:
        problem.filename = problem.filename or str(path)  # a write that fails names no file
        raise
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def check_writable(folder: str | os.PathLike[str]) -> None:
    """Raises OSError, in a line that names the folder, where no file can be written there. It need not be there yet."""
    folder = Path(folder).absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"0")
            file.flush()
    except OSError as problem:
        raise OSError(f"nothing can be written to {folder}: {problem.strerror}") from problem


@contextlib.contextmanager
def alone(path: str | os.PathLike[str], what: str) -> Iterator[None]:
    """While it lasts, no other process that asks for the same file comes in; it ends with the process, however that ends.

    what: happens, as the error says it. Raises BlockingIOError where another process is in.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    raise FileNotFoundError  # another has just come out, and a third may be in
            except (BlockingIOError, FileNotFoundError) as problem:
                raise BlockingIOError(f"{what} by another process; wait until it ends") from problem
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                path.unlink()
