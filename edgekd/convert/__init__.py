"""torch to int8 .tflite, and the check on TensorFlow Lite Micro."""

from edgekd.stage_package import callable_as

callable_as(__name__, "edgekd.convert.api:convert")
