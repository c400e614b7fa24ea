"""edgekd convert."""

from edgekd.cli.run import stage_command

command = stage_command(
    "convert", "Convert the student of RECIPE to an int8 .tflite and verify it on TensorFlow Lite Micro."
)
