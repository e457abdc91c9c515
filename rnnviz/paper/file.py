"""rnnviz.page: a recording as one file that any browser opens, without a server and without the internet."""

import base64
import html
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rnnviz import files
from rnnviz.paper import bundle, contents

# the page may load nothing, not even by mistake; scripts and pictures made here are blobs
POLICY = "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; img-src data: blob:; connect-src blob:"
FAILED = "This page needs a browser of 2023 or newer. 이 문서는 2023년 이후의 브라우저에서 열립니다."
HEAD = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="generator" content="{generator}">
<link rel="icon" href="data:,">
<title>{title}</title>
"""
SHEET = (
    HEAD
    + """<style>
body {{ margin: 0; }}
{styles}
</style>
</head>
<body>
<main id="rnnviz"><noscript>{failed}</noscript></main>
<script type="application/octet-stream" id="rnnviz-contents">{contents}</script>
<script type="application/octet-stream" id="rnnviz-numbers">{numbers}</script>
<script type="application/octet-stream" id="rnnviz-plotly">{plotly}</script>
<script>
{script}.alone(document.getElementById("rnnviz"), {failed_js});
</script>
</body>
</html>
"""
)


def page(
    recording: Any,
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    modules: Sequence[str] | None = None,
    sequences: Iterable[int] | None = None,
) -> Path:
    """Writes a recording as one HTML file, over one that may be there: the board, gates and gradients of every module, layer,
    direction and sequence, in English and Korean, light and dark. It needs no server, no Python and no internet.

    recording: what rnnviz.record has given, a trace, or the path of a saved one. path: ends in .html; its folder is there.
    name: what the page calls the recording; that of the file, or 'recording'. modules: names of those to show; sequences: their
    numbers in the batch, from 0; all without. Returns the path.
    Numbers are the recorded ones, unrounded, 64 MiB of them at most; gradients are there where a backward ran while recording.
    Raises, in one line: ValueError for another ending, a trace without recurrent modules or steps, a sequence or module that is
    not there, and where it would hold too much; TypeError for what is no recording; FileNotFoundError for a folder that is not
    there.

    >>> import pathlib, rnnviz, tempfile, torch
    >>> with rnnviz.record(module := torch.nn.GRU(2, 3), tokens="help") as recording:
    ...     _ = module(torch.zeros(4, 1, 2))
    >>> written = rnnviz.page(recording, pathlib.Path(tempfile.mkdtemp()) / "run.html")
    >>> written.name, written.stat().st_size < 3_000_000
    ('run.html', True)
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"a page is a file that ends in .html; got {path.name!r}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"no such folder: {path.parent}")
    text = written(contents.packed(recording, name, modules, sequences))
    with files.written(path) as unfinished:
        unfinished.write_bytes(text)
    return path


def written(packed: contents.Packed) -> bytes:
    """The file of what `contents.packed` has packed, in UTF-8."""
    text = SHEET.format(
        language="en",
        policy=POLICY,
        generator="rnnviz",
        title=html.escape(packed.name),
        styles=bundle.styles(),
        failed=FAILED,
        failed_js=f'"{FAILED}"',
        contents=base64.b64encode(packed.contents).decode(),
        numbers=base64.b64encode(packed.numbers).decode(),
        plotly=base64.b64encode(bundle.plotly()).decode(),
        script=bundle.script(),
    )
    return text.encode()
