"""Born-again networks (Furlanello et al., ICML 2018, arXiv:1805.04770): a network taught by an earlier self."""

from __future__ import annotations

from dataclasses import dataclass

from edgekd.distill.methods.base import option
from edgekd.distill.methods.soft_targets import SoftTargets


@dataclass(frozen=True, kw_only=True)
class BornAgain(SoftTargets):
    """The teachers teach generation 1, which teaches generation 2, and so on; the student is the last generation.

    Each generation begins with the weights the student came with, in a recipe with weights of its own, and each but
    the last trains with a seed of its own. The loss is the sum of labels and teacher at temperature 1 (section 3), here
    each with ½. Without a teacher, the student trained with labels alone is the first: self-distillation.
    """

    name = "born-again"

    generations: int = option(1, 1, 100)
    temperature: float = option(1.0, 1.0, 100.0)
    hard_weight: float = option(0.5, 0.0, 1.0)
