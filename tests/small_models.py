"""Small models for tests that need some real .tflite, with every structure a classifier has."""

from __future__ import annotations

import numpy as np
from tflite_builder import ModelBuilder

_CHANNELS = 8


def classifier(seed: int = 0) -> bytes:
    """1x8x8x3 to 4 probabilities: CONV_2D, DEPTHWISE_CONV_2D and 1x1 CONV_2D beside a shortcut, ADD,
    AVERAGE_POOL_2D, RESHAPE, FULLY_CONNECTED, SOFTMAX."""
    chance = np.random.default_rng(seed)
    model = ModelBuilder()

    def weights(*shape: int) -> int:
        channels = shape[3] if shape[0] == 1 else shape[0]
        axis = 3 if shape[0] == 1 else 0
        scales = chance.uniform(0.005, 0.02, channels)
        return model.tensor(shape, scale=scales, axis=axis, data=chance.integers(-127, 128, shape))

    def bias(count: int) -> int:
        scales = np.full(count, 0.0005)
        return model.tensor((count,), "int32", scale=scales, data=chance.integers(-500, 500, count))

    x = model.tensor((1, 8, 8, 3), scale=0.05, zero_point=-5, name="image")
    a = model.tensor((1, 4, 4, _CHANNELS), scale=0.04, zero_point=-128)
    b = model.tensor((1, 4, 4, _CHANNELS), scale=0.03, zero_point=-128)
    c = model.tensor((1, 4, 4, _CHANNELS), scale=0.05, zero_point=3)
    d = model.tensor((1, 4, 4, _CHANNELS), scale=0.06, zero_point=-1)
    e = model.tensor((1, 1, 1, _CHANNELS), scale=0.06, zero_point=-1)
    f = model.tensor((1, _CHANNELS), scale=0.06, zero_point=-1)
    g = model.tensor((1, 4), scale=0.05, zero_point=10)
    y = model.tensor((1, 4), scale=1 / 256, zero_point=-128, name="probabilities")
    window = {"stride_w": 1, "stride_h": 1, "padding": "SAME"}
    halving = {"stride_w": 2, "stride_h": 2, "padding": "SAME"}
    relu = {"fused_activation_function": "RELU"}
    model.operator("CONV_2D", [x, weights(_CHANNELS, 3, 3, 3), bias(_CHANNELS)], [a], **halving, **relu)
    model.operator(
        "DEPTHWISE_CONV_2D",
        [a, weights(1, 3, 3, _CHANNELS), bias(_CHANNELS)],
        [b],
        depth_multiplier=1,
        **window,
        **relu,
    )
    model.operator("CONV_2D", [b, weights(_CHANNELS, 1, 1, _CHANNELS), bias(_CHANNELS)], [c], **window)
    model.operator("ADD", [a, c], [d])
    model.operator(
        "AVERAGE_POOL_2D", [d], [e], filter_width=4, filter_height=4, stride_w=4, stride_h=4, padding="VALID"
    )
    model.operator("RESHAPE", [e], [f], new_shape=[1, _CHANNELS])
    dense = model.tensor((4, _CHANNELS), scale=0.01, data=chance.integers(-127, 128, (4, _CHANNELS)))
    dense_bias = model.tensor((4,), "int32", scale=0.0006, data=chance.integers(-500, 500, 4))
    model.operator("FULLY_CONNECTED", [f, dense, dense_bias], [g])
    model.operator("SOFTMAX", [g], [y], beta=1.0)
    return model.build([x], [y])
