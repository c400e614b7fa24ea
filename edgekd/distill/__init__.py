"""Teachers, losses and the training loop."""

from edgekd.stage_package import callable_as

callable_as(__name__, "edgekd.distill.api:distill")
