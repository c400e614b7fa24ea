"""Data sets through a device."""

from edgekd.stage_package import callable_as

callable_as(__name__, "edgekd.evaluate.api:eval_model")
