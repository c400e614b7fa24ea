"""Fake quantization with learned scales: rounding to int8 steps in the forward pass, straight through in the backward.

The scale is learned with the gradient of LSQ (Esser et al. 2020, arXiv:1902.08153, equations 1 to 3), as its logarithm
(Jain et al. 2020, arXiv:1903.08066, section 3), so that one learning rate suits scales of any size.

A scale has at most 16 significant bits. A step number has 8, so that every quantized value and both ends of a range are
float32 numbers without rounding: a converter that computes scales of them finds exactly the learned one.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

LOWEST, HIGHEST = -128, 127  # steps of an activation
_SIGNIFICANT_BITS = 16
_LEAST = 2.0**-40  # of a range: what is smaller counts as this wide, so that its scale is above 0
_LEAST_OF_LAYER = 2.0**-12  # of a channel's largest weight, as a share of the layer's; a bias then fits into int32


class Quantizer(nn.Module):
    """An activation in int8 steps: real = scale * (step - zero_point), step from -128 to 127.

    learned: whether the scale is trained; the zero point is that of `calibrate`. shared, with another Quantizer:
    operators such as pooling keep the scale of what they take.
    """

    zero_point: Tensor
    observed: Tensor

    def __init__(self, *, learned: bool = True) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(()), requires_grad=learned)
        self.register_buffer("zero_point", torch.zeros((), dtype=torch.int64))
        self.register_buffer("observed", torch.tensor([math.inf, -math.inf]), persistent=False)
        self.observing = False

    @property
    def scale(self) -> Tensor:
        return _significant(torch.exp2(self.log_scale))

    def set(self, scale: float, zero_point: int) -> None:
        with torch.no_grad():
            self.log_scale.fill_(math.log2(scale))
            self.zero_point.fill_(zero_point)

    def calibrate(self) -> None:
        """Scale and zero point for the range observed, widened to hold 0, which must be a step of its own."""
        least, most = min(0.0, float(self.observed[0])), max(0.0, float(self.observed[1]))
        scale = max(most - least, _LEAST) / (HIGHEST - LOWEST)
        self.set(scale, max(LOWEST, min(HIGHEST, round(LOWEST - least / scale))))
        self.observing = False

    def forward(self, x: Tensor) -> Tensor:
        if self.observing:
            low, high = torch.aminmax(x.detach())
            self.observed = torch.stack([torch.minimum(self.observed[0], low), torch.maximum(self.observed[1], high)])
            return x
        if not self.training:
            return torch.fake_quantize_per_tensor_affine(
                x, float(self.scale.detach()), int(self.zero_point), LOWEST, HIGHEST
            )
        scale = _graded(self.scale, x.numel() * HIGHEST)
        steps = torch.clamp(x / scale, LOWEST - int(self.zero_point), HIGHEST - int(self.zero_point))
        return _rounded(steps) * scale


class QuantizedLayer(nn.Module):
    """A convolution or fully connected layer whose weights are in steps of a learned scale for each output channel.

    inner: nn.Conv1d, nn.Conv2d or nn.Linear. levels: the largest step, 127 for int8 or 7 for int4 weights (symmetric,
    as TensorFlow Lite's quantization specification has it). entry: the quantizer of what the layer takes; the bias is
    int32 in steps of the product of both scales. A scale is never above what gives the largest weight of its channel
    the last step: a converter then finds the scale from the weights alone. For that a channel without weights (all 0,
    as dead channels are) gets a first one, 1/4096 of the layer's largest.
    """

    def __init__(self, inner: nn.Conv1d | nn.Conv2d | nn.Linear, levels: int, entry: Quantizer) -> None:
        super().__init__()
        self.inner, self.levels = inner, levels
        self._entry = (entry,)  # in a tuple, so that a Module is registered once
        largest = self._largest()
        self.log_scale = nn.Parameter(torch.log2(largest / levels))

    @property
    def scale(self) -> Tensor:
        """Of each output channel, shape (channels,)."""
        limit = _significant(self._largest() / self.levels)
        return torch.minimum(_significant(torch.exp2(self.log_scale)), limit)

    @property
    def bias_scale(self) -> Tensor:
        return self._entry[0].scale.detach() * self.scale.detach()

    def quantized(self) -> tuple[Tensor, Tensor | None]:
        """Weights and bias on their grids, differentiable."""
        weight, bias = self._weight(), self.inner.bias
        scale = self.scale
        if self.training:
            scale = _graded(scale, weight[0].numel() * self.levels)
        scale = scale.reshape(-1, *[1] * (weight.ndim - 1))
        steps = _rounded(torch.clamp(weight / scale, -self.levels, self.levels))
        if bias is not None:
            unit = self.bias_scale
            bias = _rounded(bias / unit) * unit
        return steps * scale, bias

    def steps(self) -> Tensor:
        """The weights as whole steps, int8, in the layer's own layout (output channels first)."""
        weight, _ = self.quantized()
        scale = self.scale.reshape(-1, *[1] * (weight.ndim - 1))
        return torch.round(weight.detach() / scale.detach()).to(torch.int8)

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.quantized()
        values = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
        result: Tensor = torch.func.functional_call(self.inner, values, (x,))
        return result

    def _largest(self) -> Tensor:
        """The largest weight of each output channel, without its sign."""
        return self._weight().detach().flatten(1).abs().amax(dim=1)

    def _weight(self) -> Tensor:
        weight = self.inner.weight
        sizes = weight.detach().flatten(1).abs().amax(dim=1)
        least = (sizes.max() * _LEAST_OF_LAYER).clamp_min(_LEAST)
        without = sizes < least
        if not without.any():
            return weight
        lifted = weight.flatten(1).clone()
        lifted[without, 0] = least
        return lifted.reshape(weight.shape)


def _rounded(x: Tensor) -> Tensor:
    """Rounded; the gradient passes as if it were not (Bengio et al. 2013, arXiv:1308.3432)."""
    return x + (torch.round(x) - x).detach()


def _graded(scale: Tensor, count: int) -> Tensor:
    """The same scale with its gradient times 1 / sqrt(count) (Esser et al. 2020, section 2.2)."""
    share = 1.0 / math.sqrt(count)
    return scale.detach() + share * (scale - scale.detach())


def _significant(scale: Tensor) -> Tensor:
    """Rounded to 16 significant bits; the gradient passes."""
    mantissa, exponent = torch.frexp(scale.detach())
    places = float(2**_SIGNIFICANT_BITS)
    return scale + (torch.ldexp(torch.round(mantissa * places) / places, exponent) - scale).detach()
