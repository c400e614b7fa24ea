"""edgekd distill."""

from edgekd.cli.run import stage_command

command = stage_command("distill", "Train the teachers, the student and its control as RECIPE says.")
