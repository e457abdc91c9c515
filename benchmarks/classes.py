"""How many readers a machine carries: what an answer costs the processor, measured on this one, and worked out for others.

python benchmarks/classes.py [--readers 20] [--seconds 60] [--workers 2] [--pause 10] [--busy 0.5]

Readers as in load.py: every other act is a new text, which is dear, and every other one another page. Time of the processor is
counted and not the wait, so that what else this machine does matters little. pause: s between two acts of a reader in class.
busy: share of the cores that may be taken: beyond it queues grow.
"""

import argparse
import asyncio
import contextlib
import sys
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.load import loaded, megabytes
from tests.browser.conftest import serving


def spent() -> float:
    """Seconds of the processor that the servers started here have taken."""
    total = 0.0
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, kind, default in (
        ("readers", int, 20),
        ("seconds", float, 60),
        ("workers", int, 2),
        ("pause", float, 10),
        ("busy", float, 0.5),
    ):
        parser.add_argument(f"--{name}", type=kind, default=default)
    options = parser.parse_args()
    with serving(options.workers) as address:
        time.sleep(20)  # all is imported by then
        idle, before = megabytes(), spent()
        seen = asyncio.run(loaded(address, options.readers, options.seconds, 200))
        answers = sum(map(len, seen.waits.values()))
        each = (spent() - before) / answers
        print(f"{answers} answers, {len(seen.errors)} errors, {1000 * each:.0f} ms of the processor each")
        print(f"memory: {idle} MB before, {megabytes()} MB after, {options.workers} processes")
    for cores in (2, 8, 32):
        print(f"{cores:3} cores: {cores * options.busy * options.pause / each:.0f} readers")


if __name__ == "__main__":
    main()
