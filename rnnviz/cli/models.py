"""rnnviz models: what is shipped, and how well it does."""

import argparse


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    listing = commands.add_parser("models", help="list the checkpoints and their scores")
    listing.set_defaults(run=run, extra="")


def run(options: argparse.Namespace) -> int:
    from rnnviz.models import checkpoints

    for name in there():
        card = checkpoints.card(name)
        scores = ", ".join(f"{part} {value:.4f}" for part, value in card["scores"].items())
        print(
            f"{name:22} {card['parameters']:>9,} parameters, {card['scores_unit'].partition(',')[0]}: {scores}"
        )
    return 0


def there() -> list[str]:
    """The names of the checkpoints. Raises CheckpointError, in one line that says what to do, where there is none."""
    from rnnviz.models import checkpoints

    if names := checkpoints.names():
        return names
    raise checkpoints.CheckpointError(
        f"no checkpoints in {checkpoints.folder()}; restore them with git or install rnnviz again, name the folder that has them "
        "in RNNVIZ_CHECKPOINTS, or train one: rnnviz train shakespeare-lstm"
    )
