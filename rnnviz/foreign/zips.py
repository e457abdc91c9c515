"""Archives: looked over by what they claim, and read part by part."""

import zipfile
from pathlib import Path

from rnnviz.foreign.arrays import FREE, MOST, TIMES, shown


def opened(path: Path) -> zipfile.ZipFile:
    """The archive, once all its parts are known to lie in it and not to grow beyond measure.

    Raises ValueError that names the part and what it claims.
    """
    archive = zipfile.ZipFile(path)
    try:
        _look_over(archive, path.stat().st_size)
    except BaseException:
        archive.close()
        raise
    return archive


def _look_over(archive: zipfile.ZipFile, size: int) -> None:
    if len(archive.filelist) > MOST:
        raise ValueError(f"an archive of {len(archive.filelist):,} parts; at most {MOST:,}")
    stored = claimed = 0
    names = set()
    for part in archive.filelist:
        name = shown(part.filename)
        if part.filename in names:
            raise ValueError(f"{name} stands in the archive twice")
        names.add(part.filename)
        if part.flag_bits & 1:
            raise ValueError(f"{name} is encrypted")
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{name} is compressed by method {part.compress_type}; wanted deflate or none")
        stored += part.compress_size
        claimed += part.file_size
        if part.compress_type == zipfile.ZIP_STORED and part.file_size != part.compress_size:
            raise ValueError(f"{name} claims {part.file_size:,} bytes and has {part.compress_size:,}")
    if stored > size:
        raise ValueError(f"its parts claim {stored:,} bytes, in a file of {size:,}")
    if claimed > (limit := FREE + TIMES * size):
        raise ValueError(f"its parts claim {claimed:,} bytes unpacked; a file of {size:,} may have {limit:,}")


def content(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """One part of an archive, unpacked. Raises ValueError where it claims more than `most` bytes, is missing or damaged."""
    if name not in archive.NameToInfo:
        raise ValueError(f"{shown(name)} is missing in the archive")
    claimed = archive.NameToInfo[name].file_size
    if claimed > most:
        raise ValueError(f"{shown(name)} claims {claimed:,} bytes; at most {most:,}")
    with archive.open(name) as part:
        raw = part.read(claimed + 1)
    if len(raw) != claimed:
        raise ValueError(f"{shown(name)} claims {claimed:,} bytes and has {len(raw):,}")
    return raw
