"""What Keras does in the experiment of its example: its networks, its training, its distillation.

Written from the description of keras.io/examples/vision/knowledge_distillation. There the teacher is asked anew in
each step; here once, for the same answers: nothing is augmented. Keras runs on torch, as it does for edgekd's teachers.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from edgekd.distill.inference import predict
from edgekd.distill.seeds import seeded
from edgekd.errors import EdgekdError

_ASKED_AT_ONCE = 512
_TOLERANCE = 1e-4  # of logits, between two orders of the same sums in float32


def keras() -> Any:
    """The package, on torch, which is settled when it is first imported; nothing that is started later inherits it."""
    if "keras" not in sys.modules:
        before = os.environ.get("KERAS_BACKEND")
        os.environ["KERAS_BACKEND"] = "torch"
        try:
            importlib.import_module("keras")
        finally:
            del os.environ["KERAS_BACKEND"]
            if before is not None:
                os.environ["KERAS_BACKEND"] = before
    package: Any = sys.modules["keras"]
    if package.backend.backend() != "torch":
        raise EdgekdError(f"keras runs on {package.backend.backend()} in this process, the experiment needs torch")
    return package


def network(widths: Sequence[int], size: int, seed: int) -> Any:
    """The example's network: two convolutions, a leaky ReLU and a maximum between them, a linear classifier.

    widths: channels of the convolutions (256 and 512 are the teacher's, 16 and 32 the student's). size: pixels of a
    side; one channel.
    """
    layers = keras().layers
    with seeded(seed):
        return keras().Sequential([
            keras().Input((size, size, 1)),
            layers.Conv2D(widths[0], 3, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.MaxPooling2D(2, strides=1, padding="same"),
            layers.Conv2D(widths[1], 3, strides=2, padding="same"),
            layers.Flatten(),
            layers.Dense(10),
        ])  # fmt: skip


def fit(model: Any, x: Any, y: Any, *, seed: int, epochs: int, batch_size: int, learning_rate: float) -> Any:
    """Train with labels alone, by Adam at one rate; returns the network. x: channels last; y: class indices."""
    loss = keras().losses.SparseCategoricalCrossentropy(from_logits=True)
    return _fit(model, x, y, loss, seed, epochs, batch_size, learning_rate)


def distill(
    model: Any,
    x: Any,
    y: Any,
    answers: Any,
    *,
    alpha: float,
    temperature: float,
    seed: int,
    epochs: int,
    batch_size: int,
    learning_rate: float,
) -> Any:
    """Train as the example's Distiller does: alpha · labels + (1 - alpha) · T² · KL of the softened answers.

    answers: the teacher's logits for x, (samples, classes).
    """
    told = np.concatenate([y[:, np.newaxis].astype(np.float32), answers], axis=1)
    return _fit(model, x, told, example_loss(alpha, temperature), seed, epochs, batch_size, learning_rate)


def example_loss(alpha: float, temperature: float) -> Callable[[Any, Any], Any]:
    """(told, logits) -> loss. told: the label and the teacher's logits, (samples, 1 + classes)."""
    package = keras()
    hard = package.losses.SparseCategoricalCrossentropy(from_logits=True)
    divergence = package.losses.KLDivergence()

    def loss(told: Any, logits: Any) -> Any:
        labels, teacher = told[:, 0], told[:, 1:]
        softened = (package.ops.softmax(answers / temperature, axis=1) for answers in (teacher, logits))
        return alpha * hard(labels, logits) + (1 - alpha) * temperature**2 * divergence(*softened)

    return loss


def ask(model: Any, x: Any) -> Any:
    """Logits, (samples, classes)."""
    return model.predict(x, batch_size=_ASKED_AT_ONCE, verbose=0)


def accuracy(model: Any, x: Any, y: Any) -> float:
    """Percent."""
    return 100.0 * float((ask(model, x).argmax(axis=1) == y).mean())


def in_torch(model: Any) -> nn.Sequential:
    """A network of `network` as a torch module with the same weights, channels first, to be trained on.

    Raises EdgekdError unless both give the same answers to some noise.
    """
    first, second, dense = ([np.array(w) for w in layer.get_weights()] for layer in model.layers if layer.weights)
    size = int(model.input_shape[1])
    twin = strided_cnn(widths=[first[0].shape[-1], second[0].shape[-1]], size=size)
    left = -(-size // 4)
    kernel = dense[0].reshape(left, left, second[0].shape[-1], -1).transpose(3, 2, 0, 1)  # channels before pixels
    weights = {
        "1": (first[0].transpose(3, 2, 0, 1), first[1]),
        "6": (second[0].transpose(3, 2, 0, 1), second[1]),
        "8": (kernel.reshape(len(kernel), -1), dense[1]),
    }
    state = {}
    for place, (weight, bias) in weights.items():
        state |= {f"{place}.weight": np.ascontiguousarray(weight), f"{place}.bias": bias}
    twin.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    noise = np.random.default_rng(0).random((64, size, size, 1), np.float32)
    apart = np.abs(predict(twin, torch.from_numpy(noise.transpose(0, 3, 1, 2))).numpy() - ask(model, noise)).max()
    if not apart < _TOLERANCE:
        raise EdgekdError(f"the network from Keras and its twin in torch differ by {apart:.2g}")
    return twin


def strided_cnn(*, widths: Sequence[int], size: int) -> nn.Sequential:
    """The same network in torch, with the padding of TensorFlow's "same". size: a multiple of 4."""
    end = (0, 1, 0, 1)  # left, right, top, bottom: where TensorFlow pads
    return nn.Sequential(
        nn.ZeroPad2d(end),
        nn.Conv2d(1, widths[0], 3, stride=2),
        nn.LeakyReLU(0.2),
        nn.ReplicationPad2d(end),  # changes no maximum, as TensorFlow's padding changes none
        nn.MaxPool2d(2, stride=1),
        nn.ZeroPad2d(end),
        nn.Conv2d(widths[0], widths[1], 3, stride=2),
        nn.Flatten(),
        nn.Linear(widths[1] * (size // 4) ** 2, 10),
    )


def _fit(model: Any, x: Any, y: Any, loss: Any, seed: int, epochs: int, batch_size: int, learning_rate: float) -> Any:
    with seeded(seed):
        model.compile(optimizer=keras().optimizers.Adam(learning_rate), loss=loss)
        model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0)
    return model
