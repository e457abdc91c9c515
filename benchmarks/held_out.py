"""The texts that come along for the pages that search one: parts of each corpus that no shipped model has trained on.

python benchmarks/held_out.py --data FOLDER            how long each is, and what it costs to read
python benchmarks/held_out.py --data FOLDER --write    cuts them anew and writes checkpoints/texts, the same each time

FOLDER holds tinyshakespeare_en/input.txt and nsmc_24k_ko/nsmc_24k.tsv; Python's own source is where Python is (3.11.7, for the
models that are shipped). All of it is of the test parts. Each is cut into passages, which begin at a blank line or, of reviews,
at a line: read side by side, they take a fifth of the time of one long text.
"""

import argparse
import re
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz import corpus, live
from rnnviz.models import checkpoints, held_out
from rnnviz.training import corpora

LEAST = 1_700  # characters of a passage
WHOLE = 9_000  # of a Python file, at most
COARSE = re.compile(
    "[ㅅㅆ]ㅂ|[씨시]발|병신|ㅂㅅ|새끼|세끼|[쓰스]끼|지랄|ㅈㄹ|좆|[존졸]라|[존졸].?나|ㅈㄴ|창[년녀]|[M엠]창|느금|미친|미쳤|죽[여어]|뒤[져지]|"
    "꺼[져지]|닥[쳐치]|[개게]쓰|쓰레기|똥|[변븅]태|야동|섹스|[섹색]|강간|자위|[놈년]|게이|레즈|장애|빨갱|홍어|일베|된장녀|김치녀|벗|가슴|몸매|정치|"
    "졸재|개한민국|오크|대통령|[0-9]{3,}"
)


def shakespeare(folder: Path) -> tuple[list[tuple[str, str]], corpora.Corpus, str]:
    found = corpora.shakespeare(folder / "tinyshakespeare_en" / "input.txt")
    begun = found.test[found.test.index("\n\n") + 2 :]
    passages = [(str(n), one) for n, one in enumerate(cut(begun, "\n\n"), 1)]
    return passages, found, "all of the test part but the speech that it begins within"


def python(_folder: Path) -> tuple[list[tuple[str, str]], corpora.Corpus, str]:
    found, library = corpora.python_source(), Path(sysconfig.get_paths()["stdlib"])
    passages = []
    for path in sorted(library.rglob("*.py")):
        name = path.relative_to(library).as_posix()
        text = path.read_text("utf-8", "replace")
        own = (
            LEAST // 2 <= len(text) <= WHOLE and "opyright" not in text and not name.startswith("encodings/")
        )
        if own and text in found.test:
            parts = cut(text, "\n\n")
            passages += [
                (name if len(parts) == 1 else f"{name} ({n})", one) for n, one in enumerate(parts, 1)
            ]
    return passages, found, f"files of {LEAST // 2:,} to {WHOLE:,} characters without a licence of their own"


def korean(folder: Path) -> tuple[list[tuple[str, str]], corpora.Corpus, str]:
    found = corpora.nsmc_text(folder / "nsmc_24k_ko" / "nsmc_24k.tsv")
    clean = "".join(f"{line}\n" for line in found.test.splitlines() if not COARSE.search(line))
    passages = [(str(n), one) for n, one in enumerate(cut(clean, "\n"), 1)]
    return passages, found, "reviews of the test part without coarse words, names of groups or long numbers"


MADE = {"shakespeare": shakespeare, "python": python, "korean": korean}
TITLES = {"shakespeare": "Tiny Shakespeare", "python": "Python's standard library", "korean": "NSMC"}


def cut(text: str, at: str) -> list[str]:
    """Passages of so many characters at least, each ending where `at` stands."""
    found, begin = [], 0
    while len(text) - begin >= 2 * LEAST and (end := text.find(at, begin + LEAST)) >= 0:
        found.append(text[begin : end + len(at)])
        begin = end + len(at)
    return [*found, text[begin:]]


def main() -> None:
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("--data", type=Path, required=True)
    reader.add_argument("--write", action="store_true")
    asked = reader.parse_args()
    torch.set_num_threads(1)
    for name, make in MADE.items():
        passages, found, chosen = make(asked.data)
        if asked.write:
            data = {
                "source": found.source,
                "licence": found.licence,
                "sha256": found.sha256,
                "split": found.split,
                "attribution": found.attribution,
            }
            card = {
                "title": TITLES[name],
                "data": {key: value for key, value in data.items() if value},
                "chosen": f"{chosen}, in passages of {LEAST:,} characters or more",
                "command": "python benchmarks/held_out.py --data FOLDER --write",
            }
            if name == "python":
                card["data"]["attribution"] = (
                    "Copyright © 2001-2023 Python Software Foundation; All Rights Reserved"
                )
                card["licence_text"] = licence()
            held_out.save(name, tuple(passages), card)
        count = sum(len(text) for _name, text in passages)
        print(f"{name}: {count:,} characters in {len(passages)} passages")
        for model in checkpoints.names("language"):
            if not model.startswith(name):
                continue
            subject = live.shipped(model)
            with tempfile.TemporaryDirectory() as folder:
                start = time.perf_counter()
                own = corpus.record(subject, passages, Path(folder) / "states.zarr", bits=8)
                took = time.perf_counter() - start
            print(
                f"  {model}: {took:.2f} s to read, {sum(a.bytes for a in own.arrays.values()) / 1e6:.0f} MB of states"
            )


def licence() -> str:
    """The licence of Python itself, as it comes with it."""
    whole = (Path(sysconfig.get_paths()["stdlib"]) / "LICENSE.txt").read_text("utf-8")
    begin = whole.index("PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2")
    return whole[begin : whole.index("BEOPEN.COM LICENSE", begin)].strip()


if __name__ == "__main__":
    main()
