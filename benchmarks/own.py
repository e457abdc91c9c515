"""Recordings of one's own: how long until they are drawn, how long to another sequence, and what a very large one takes.

    python benchmarks/own.py            # all; files are written to a temporary folder, the large one is mostly holes
    python benchmarks/own.py --only series

It must hold: a trace of 8 sequences x 1,000 steps x 2 layers x 512 units opened and drawn in 1.5 s, another sequence in
300 ms; one of 20 GB opened in 2 s with less than 1 GB of memory; a table of 100,000 steps x 3 read by 64 units of a GRU and drawn
in 3 s, with 1 MB sent to the browser at most.
"""

import argparse
import datetime
import gc
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rnnviz
from rnnviz.studies import series, subjects

LARGE = 20 * 10**9
NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable"  # as HDF5 has it


def recorded(folder: Path) -> Path:
    """8 sequences x 1,000 steps x 2 layers x 512 units, without gradients."""
    torch.manual_seed(0)
    module = torch.nn.LSTM(16, 512, 2)
    with torch.no_grad(), rnnviz.record(module, tokens=[f"w{t}" for t in range(1000)]) as recording:
        module(torch.randn(1000, 8, 16))
    path = folder / "run.nc"
    rnnviz.save(recording.trace, path)
    return path


def large(folder: Path) -> Path:
    """20 GB: the small recording with its steps repeated, in arrays of which only the last sequence was ever written."""
    torch.manual_seed(0)
    module = torch.nn.GRU(8, 256)
    with torch.no_grad(), rnnviz.record(module) as recording:
        module(torch.randn(4, 2, 8))
    small, path = folder / "small.nc", folder / "large.nc"
    rnnviz.save(recording.trace, small)
    batch = 400
    steps = LARGE // (4 * 4 * 256 * batch)
    with h5py.File(small) as source, h5py.File(path, "w", track_order=True) as target:
        target.attrs.update(source.attrs)
        node = target.create_group("gru", track_order=True)
        node.attrs.update(source["gru"].attrs)
        sizes = {"batch": batch, "time": steps}
        scales = {}
        for name, array in source["gru"].items():
            dims = [
                Path(array.dims[i][0].name).name if len(array.dims[i]) else name for i in range(array.ndim)
            ]
            shape = [sizes.get(dim, length) for dim, length in zip(dims, array.shape, strict=True)]
            if np.prod(shape) * array.dtype.itemsize < 10**7:
                values = array[()] if tuple(shape) == array.shape else np.resize(array[()], shape)
                if name in sizes:
                    values = np.arange(shape[0])
                made = node.create_dataset(name, data=values)
            else:
                plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
                plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
                space = h5py.h5s.create_simple(tuple(shape))
                made = h5py.Dataset(
                    h5py.h5d.create(node.id, name.encode(), h5py.h5t.py_create(array.dtype), space, plist)
                )
                last = (0, 0, batch - 1) if array.ndim == 5 else (batch - 1,)
                made[last] = np.random.default_rng(0).uniform(-1, 1, made[last].shape)
            for key, value in array.attrs.items():
                if key not in (
                    "DIMENSION_LIST",
                    "REFERENCE_LIST",
                    "CLASS",
                    "NAME",
                    "_Netcdf4Dimid",
                    "_Netcdf4Coordinates",
                ):
                    made.attrs[key] = value
            scales[name] = (made, dims)
        for name, (made, dims) in scales.items():
            if dims == [name]:
                told = source["gru"][name].attrs.get("NAME", b"").decode()
                made.make_scale(told if told.startswith(NO_VARIABLE) else name)
        for name, (made, dims) in scales.items():
            for i, dim in enumerate(dims):
                if dim != name and dim in scales and scales[dim][1] == [dim]:
                    made.dims[i].attach_scale(scales[dim][0])
    return path


def opened_in(path: Path) -> None:
    """In a process of its own, whose memory is measured."""
    program = (
        "import sys, time, resource, numpy as np\nfrom rnnviz.studies import subjects\nimport rnnviz.trace, h5netcdf\n"
        "start = time.perf_counter()\nsubject = subjects.opened(sys.argv[1])\nopened = time.perf_counter() - start\n"
        "module = subject.modules[0]\nlast = len(subject.sequences(module)) - 1\nstart = time.perf_counter()\n"
        "layer = subject.layer(module, sequence=last)\nread = time.perf_counter() - start\n"
        "assert np.isfinite(layer['hidden']).all() and float(abs(layer['hidden']).max()) > 0\n"
        "memory = int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 2**20\n"
        "print(f'opened {opened:.2f} s (2), one sequence of {layer.sizes[\"time\"]:,} steps read {read:.2f} s, '\n"
        "      f'memory {memory:.2f} GB at most (1)')"
    )
    found = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True)
    print(f"a trace of {path.stat().st_size / 1e9:.1f} GB: {found.stdout or found.stderr}", end="")


def drawn_in(path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with rnnviz.view(path, browser=False) as viewed, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page()
        base = viewed.address.partition("/states")[0]
        for warm in ("/states", "/gates"):  # the pages are imported, the browser has the scripts
            tab.goto(base + warm)
            tab.wait_for_selector(".rv-board[data-drawn]", timeout=120_000)
        times = []
        for page in ("states", "gates"):
            link = f"{base}/{page}?subject=run.nc~{subjects.fingerprint(path)}&order=stored"
            start = time.perf_counter()
            tab.goto(link)
            tab.wait_for_selector(".rv-board[data-drawn*='-0']", timeout=120_000)
            times.append(time.perf_counter() - start)
            for sequence in range(2, 6):
                tab.get_by_label("Sequence").click()
                before = tab.locator(".rv-board").get_attribute("data-revision")
                option = tab.get_by_role("option", name=str(sequence), exact=True)
                start = time.perf_counter()
                option.click()
                tab.wait_for_function(
                    "r => { const b = document.querySelector('.rv-board');"
                    " return b && 'drawn' in b.dataset && b.dataset.revision !== r; }",
                    arg=before,
                )
                times.append(time.perf_counter() - start)
            opened, *others = times
            said = ", ".join(f"{other * 1000:.0f}" for other in others)
            print(f"{page}: link opened and drawn {opened:.2f} s (1.5); another sequence {said} ms (300)")
            times = []
        browser.close()


def series_drawn(folder: Path) -> None:
    """A long table, from its text to its picture: parsed, read, and drawn from the address typed on, where the browser and the
    app have drawn another recording before."""
    from playwright.sync_api import sync_playwright

    torch.manual_seed(0)
    module = torch.nn.GRU(3, 64)
    rows = np.cumsum(np.random.default_rng(0).normal(size=(100_000, 3)), 0)
    first = datetime.datetime(2026, 1, 1)
    text = "time,a,b,c\n" + "\n".join(
        f"{(first + datetime.timedelta(minutes=step)).isoformat()},{row[0]:.4f},{row[1]:.4f},{row[2]:.4f}"
        for step, row in enumerate(rows)
    )
    paths = [folder / "short.nc", folder / "series.nc"]
    gc.collect()
    gc.freeze()  # as the app does
    for path, table in zip(paths, (text[: text.index("\n", 3000)], text), strict=True):
        start = time.perf_counter()
        parsed = series.scaled(series.parse(table), "standardised")
        parsing = time.perf_counter() - start
        trace = series.read({"gru": module}, parsed)
        reading = time.perf_counter() - start - parsing
        rnnviz.save(trace, path)
    print(f"a table of 100,000 x 3: parsed {parsing:.2f} s, read and recorded {reading:.2f} s")
    with rnnviz.view(*paths, browser=False) as viewed, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page()
        base = viewed.address.partition("/states")[0]
        came = [0]

        def count(frame: str | bytes) -> None:
            came[0] += len(frame if isinstance(frame, bytes) else frame.encode())

        def drawn(page: str, path: Path) -> float:
            """s from the address typed to the picture."""
            came[0] = 0
            start = time.perf_counter()
            tab.goto(f"{base}/{page}?subject={path.name}~{subjects.fingerprint(path)}")
            tab.wait_for_selector(".rv-board[data-drawn]", timeout=120_000)
            return time.perf_counter() - start

        tab.on("websocket", lambda socket: socket.on("framereceived", count))
        for page in ("states", "gates"):
            drawn(page, paths[0])
        for page in ("states", "gates"):
            short, long = drawn(page, paths[0]), drawn(page, paths[1])
            whole = f", all together {parsing + reading + long:.2f} s (3)" if page == "states" else ""
            print(
                f"{page}: drawn {long:.2f} s (of 60 steps {short:.2f} s){whole}, {came[0] / 1e6:.2f} MB came (1)"
            )
            box = tab.locator("[data-figure=inputs] .rv-plot").bounding_box()
            tab.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 50)
            tab.mouse.down()
            tab.mouse.move(box["x"] + box["width"] * 0.56, box["y"] + 50)
            came[0] = 0
            start = time.perf_counter()
            tab.mouse.up()
            tab.wait_for_function(
                "() => { const v = document.querySelector('[data-figure=inputs] .rv-value').textContent;"
                " return v && !v.startsWith('≈') && 'drawn' in document.querySelector('.rv-board').dataset; }"
            )
            zooming = time.perf_counter() - start
            print(
                f"{page}: zoomed to 6 % of it, exact after {zooming:.2f} s, {came[0] / 1e6:.2f} MB came (1)"
            )
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["series"], help="the long table alone")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        series_drawn(Path(folder))
        if chosen.only:
            return
        path = recorded(Path(folder))
        print(f"a trace of 8 x 1,000 x 2 x 512: {path.stat().st_size / 1e6:.0f} MB")
        opened_in(path)
        drawn_in(path)
        path.unlink()
        opened_in(large(Path(folder)))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
