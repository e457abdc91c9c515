"""How long do the tiny networks of learn/order and learn/letters take to learn?

python benchmarks/tiny.py            the seconds of each training that is shipped
python benchmarks/tiny.py --write    trains them anew and writes checkpoints/tiny
"""

import sys
import time

from rnnviz.studies import courses


def main() -> None:
    for asked in courses.SHIPPED:
        begun, training = time.perf_counter(), courses.train(*asked)
        while True:
            try:
                next(training)
            except StopIteration as end:
                found = end.value
                break
        seconds, path = time.perf_counter() - begun, courses.path(*asked)
        if "--write" in sys.argv:
            path.parent.mkdir(exist_ok=True)
            courses.write(found, path)
        before = courses.shipped(*asked)
        same = before is not None and found.identical(before)
        print(f"{path.stem:16} {seconds:.2f} s, {'the same as' if same else 'other than'} what is shipped")


if __name__ == "__main__":
    main()
