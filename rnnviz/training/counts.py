"""N-grams are counted, not trained: the table that is kept, and how every method does on text that was not counted."""

import math

from rnnviz.models.cards import Card, Point
from rnnviz.models.counting import METHODS, NGrams
from rnnviz.models.vocabularies import Lexicon, Vocabulary
from rnnviz.training.corpora import Corpus
from rnnviz.training.recipes import CountRecipe

ORDERS = range(1, 7)
SHARES = (1 / 64, 1 / 16, 1 / 4, 1)  # of the training text, in the comparison


def count(recipe: CountRecipe, corpus: Corpus) -> tuple[NGrams, Card]:
    """The n-grams of a text, and what their card says: `described` for counts.

    `held_out` has the loss (nats a token) on the validation text by method, order and share of the training text.
    """
    known = (
        Vocabulary.of(corpus.train)
        if recipe.unit == "characters"
        else Lexicon.of([corpus.train], recipe.unit, recipe.at_least)
    )
    ids, validation, test = (known.encode(part) for part in (corpus.train, corpus.validation, corpus.test))
    least = round(max(ORDERS) / min(SHARES))
    if len(ids) < least or min(len(validation), len(test)) < 2:
        raise ValueError(
            f"counting needs {least} tokens to train on and 2 in each other part; got {len(ids)}"
        )
    held_out: list[Point] = []
    for share in SHARES:
        tokens = int(len(ids) * share)
        every = NGrams.of(ids[:tokens], max(ORDERS), len(known))
        for method in METHODS:
            for order in ORDERS:
                more = {"k": recipe.k, "discount": recipe.discount}
                loss = math.log(every.perplexity(validation, method, order, **more))
                held_out.append(
                    {
                        "method": method,
                        "order": order,
                        "tokens": tokens,
                        "loss": round(loss, 4) if math.isfinite(loss) else None,
                    }
                )
    counts = NGrams(every.size, every.levels[: recipe.order])
    scores = {
        part: round(math.log(counts.perplexity(own, discount=recipe.discount)), 4)
        for part, own in (("validation", validation), ("test", test))
    }
    card: Card = {
        "task": "counts",
        "model": {"kind": "counts", "vocabulary": len(known), "unit": recipe.unit, "order": recipe.order},
        "scores": scores,
        "scores_unit": f"nats a {recipe.unit.removesuffix('s')}, interpolated Kneser-Ney",
        "held_out": held_out,
        "parameters": sum(len(level.key) for level in counts.levels),
    }
    if isinstance(known, Vocabulary):
        card["vocabulary"] = list(known.characters)
    else:
        card["words"] = {"unit": "words", "tokens": list(known.entries)}
    return counts, card
