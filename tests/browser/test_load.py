"""Several readers at once, who speak as a browser does: nothing goes wrong. What they wait is measured by benchmarks/load.py."""

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor

from benchmarks.load import Reader, Seen

READERS, ANSWERS = 4, 5


async def together(address: str) -> Seen:
    seen = Seen()
    readers = [Reader(address, seen, random.Random(number), 60, thought=(0, 0)) for number in range(READERS)]
    await asyncio.gather(*(reader.visit(lambda answers: answers < ANSWERS) for reader in readers))
    return seen


def test_readers_who_do_not_stop_to_think_are_all_answered(server):
    with ThreadPoolExecutor(1) as elsewhere:  # this thread has a loop already, the browser's
        seen = elsewhere.submit(asyncio.run, together(server)).result()
    assert seen.errors == []
    assert sum(map(len, seen.waits.values())) == READERS * ANSWERS
