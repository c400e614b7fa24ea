"""Classes that a student rarely or never saw in training: their bias, corrected afterwards.

Hinton et al. 2015 (arXiv:1503.02531, section 3): a student of a transfer set without the digit 3 knows threes from the
soft targets of other digits and still hardly ever names them, because its bias for the class is far too low. Raised by
3.5, it gets 98.6 % of the test threes right. Here the bias is fitted on the validation set.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from edgekd.data import Dataset
from edgekd.distill.inference import accuracy, arranged, device_of, evaluating, predict
from edgekd.distill.inputs import classes_of, parts_of, samples_of
from edgekd.errors import InputError

_NARROW = 1e-6  # thresholds nearer than this are one


def correct_bias(model: nn.Module, val: Any, classes: Sequence[int]) -> float:
    """Add one number to the biases of some classes, in place, so that most validation samples are right; returns it.

    val: (x, y), a DataLoader, or an edgekd.data.Dataset, whose validation set is taken. classes: indices of those that
    were missing in training (the number is then mostly above 0), or the only ones that were there (below 0).
    The network must end in a linear layer or convolution with a bias a class. Raises InputError otherwise.
    """
    if isinstance(val, Dataset):
        _, val, _ = parts_of(val, None)
    samples = samples_of(val, "val")
    count = classes_of(model, "the model", samples.x)
    chosen = sorted(set(classes))
    if not chosen or len(chosen) == count or not all(isinstance(c, int) and 0 <= c < count for c in chosen):
        raise InputError(f"classes is {list(classes)!r}", f"some, not all, of the indices 0 to {count - 1}")
    bias = _bias_of_classes(model, samples.x[:8], count)
    logits = predict(model, samples.x)
    offset = best_offset(logits, samples.y, chosen)
    before = accuracy(logits, samples.y)
    with torch.no_grad():
        bias[chosen] += offset
    after = accuracy(predict(model, samples.x), samples.y)
    if after < before:  # rounding at a threshold
        with torch.no_grad():
            bias[chosen] -= offset
        return 0.0
    return offset


def best_offset(logits: Tensor, target: Tensor, classes: Sequence[int]) -> float:
    """The number that, added to the logits of `classes`, gets most rows right; 0 when nothing is better.

    logits: (samples, all classes). target: (samples,). A row changes sides once, where its best logit among `classes`
    passes the best of the others, so every number that matters is tried; of the best ones the middle of the widest gap
    is taken.
    """
    inside = torch.zeros(logits.shape[1], dtype=torch.bool)
    inside[list(classes)] = True
    among, others = logits.double().masked_fill(~inside, -torch.inf), logits.double().masked_fill(inside, -torch.inf)
    thresholds, order = (others.amax(dim=1) - among.amax(dim=1)).sort()
    right_among, right_others = ((side.argmax(dim=1) == target).long() for side in (among, others))
    # right[k]: rows right when the k lowest thresholds are passed.
    right = right_others.sum() + torch.cat([torch.zeros(1).long(), (right_among - right_others)[order].cumsum(dim=0)])
    ends = torch.cat([thresholds[:1] - 2.0, thresholds, thresholds[-1:] + 2.0])
    widths = ends[1:] - ends[:-1]
    right[widths < _NARROW] = -1  # nothing lies between equal thresholds
    best = int(right.max())
    if int((logits.argmax(dim=1) == target).sum()) >= best:
        return 0.0
    place = int(torch.where(right == best, widths, -1.0).argmax())
    return float((ends[place] + ends[place + 1]) / 2)


def _bias_of_classes(model: nn.Module, x: Tensor, classes: int) -> Tensor:
    """The bias that is added to the logits, a number a class: that of the last layer that computes them."""
    outputs: list[tuple[nn.Module, Tensor]] = []

    def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:
        outputs.append((module, output))

    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d)
    hooks = [module.register_forward_hook(keep) for module in model.modules() if isinstance(module, kinds)]
    try:
        with torch.no_grad(), evaluating(model):
            logits = model(arranged(x.to(device_of(model))))
    finally:
        for hook in hooks:
            hook.remove()
    for module, output in reversed(outputs):
        bias = module.bias
        if output.numel() == logits.numel() and torch.equal(output.flatten(1), logits):
            if isinstance(bias, Tensor) and len(bias) == classes:
                return bias
            break
    raise InputError(
        "the model does not end in a layer with a bias for each class",
        "it needs a Linear or convolution whose outputs are the logits, with bias=True",
    )
