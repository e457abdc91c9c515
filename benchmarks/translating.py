"""Where the translator of dates without attention errs: by format, and in which field. Prints tables; about a minute.

python benchmarks/translating.py [DAYS]
"""

import datetime
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rnnviz.models import checkpoints
from rnnviz.models.decoding import greedy_many
from rnnviz.training import corpora
from rnnviz.training.dates import DATE_FORMATS, written_date

DAYS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
test = sorted(
    {target for _, target in corpora.dates().test}
)  # days that neither model has seen, in any format
days = [datetime.date.fromisoformat(test[i]) for i in np.linspace(0, len(test) - 1, DAYS).astype(int)]
for name in ("translate-dates-plain", "translate-dates"):
    model, card = checkpoints.load(name)
    source, target = checkpoints.lexicons(card)
    print(f"{name}: % right over {DAYS} days; of the mistakes, how many have a wrong year, month, day")
    rows = []
    for form in DATE_FORMATS:
        texts = [written_date(day, form) for day in days]
        written = [target.decode(ids) for ids in greedy_many(model, [source.encode(text) for text in texts])]
        pairs = [(a, day.isoformat()) for a, day in zip(written, days, strict=True)]
        wrong = [(a, b) for a, b in pairs if a != b]
        fields = [sum(a[part] != b[part] for a, b in wrong) for part in (slice(4), slice(5, 7), slice(8, 10))]
        length = np.mean([len(source.split(text)) for text in texts])
        rows.append((100 - 100 * len(wrong) / DAYS, length, form, fields))
    for right, length, form, fields in sorted(rows):
        print(f"  {right:5.1f}  {length:5.1f} characters  {form:52} {fields}")
    two = [right for right, _, form, _ in rows if "{y}" in form]
    four = [right for right, length, form, _ in rows if "{y}" not in form and length < 22]
    print(f"  two-digit years: {np.mean(two):.1f}; others under 22 characters: {np.mean(four):.1f}")
