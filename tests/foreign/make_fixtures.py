"""Small files of Keras with what Keras itself makes of them, so that the tests need no Keras.

KERAS_BACKEND=torch python -m tests.foreign.make_fixtures    needs `pip install keras`; writes tests/foreign/fixtures/
"""

import tempfile
import zipfile
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "fixtures"
LAYERS = ("bidirectional", "my_gru", "simple_rnn")


def model():
    """Bidirectional LSTM, GRU, SimpleRNN, with an embedding below and a dense layer above; no bias is 0."""
    import keras
    from keras import layers as L

    keras.utils.set_random_seed(5)
    made = keras.Sequential(
        [
            L.Input((5,)),
            L.Embedding(11, 4),
            L.Bidirectional(L.LSTM(3, return_sequences=True), name="bidirectional"),
            L.Dropout(0.5),
            L.GRU(2, return_sequences=True, name="my_gru"),
            L.SimpleRNN(3, activation="relu", return_sequences=True, name="simple_rnn"),
            L.Dense(7),
        ]
    )
    return randomised(made)


def randomised(made):
    random = np.random.default_rng(7)
    made.set_weights(
        [random.uniform(-1, 1, weight.shape).astype(np.float32) for weight in made.get_weights()]
    )
    return made


def outputs(made, ids):
    """What each recurrent layer gives, and the last layer, by name."""
    import keras

    names = [*LAYERS, made.layers[-1].name]
    inner = keras.Model(made.inputs, [made.get_layer(name).output for name in names])
    values = inner([ids])
    return {name: np.asarray(value.detach()) for name, value in zip([*LAYERS, "output"], values, strict=True)}


def main():
    FOLDER.mkdir(exist_ok=True)
    made, ids = model(), np.random.default_rng(3).integers(0, 11, (2, 5))
    np.savez_compressed(FOLDER / "keras_outputs.npz", ids=ids, **outputs(made, ids))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        made.save(path)
        with (
            zipfile.ZipFile(path) as old,
            zipfile.ZipFile(FOLDER / "model.keras", "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for part in old.infolist():
                new.writestr(zipfile.ZipInfo(part.filename), old.read(part), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
