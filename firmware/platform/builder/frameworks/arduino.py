"""Arduino's core for AVR as Debian's arduino-core-avr installs it, or the Arduino IDE: $EDGEKD_ARDUINO_AVR says where.

The board's JSON says which variant (build.variant). Flags are those of the core's platform.txt.
"""

import os
import sys
from pathlib import Path

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()

board = env.BoardConfig()
root = Path(os.environ.get("EDGEKD_ARDUINO_AVR", "/usr/share/arduino/hardware/arduino/avr"))
core, variant = root / "cores" / "arduino", root / "variants" / board.get("build.variant")
if not (core / "Arduino.h").is_file() or not variant.is_dir():
    sys.stderr.write(f"Error: no Arduino core with this board's variant in {root}\n")
    sys.stderr.write("Debian: apt-get install arduino-core-avr; elsewhere: export EDGEKD_ARDUINO_AVR=FOLDER\n")
    sys.exit(1)

env.Append(
    CFLAGS=["-std=gnu11"],
    # WString.cpp wants DECIMAL_DIG, which avr-gcc 5's float.h keeps from C++.
    CXXFLAGS=["-std=gnu++14", "-fpermissive", "-DDECIMAL_DIG=__DECIMAL_DIG__"],
    CPPDEFINES=[("F_CPU", "$BOARD_F_CPU"), ("ARDUINO", 10819), "ARDUINO_ARCH_AVR"],
    CPPPATH=[str(core), str(variant)],
)
# The core is compiled as it is, without the project's warnings.
quiet = env.Clone()
quiet.Append(CCFLAGS=["-w"])
env.Prepend(LIBS=[quiet.BuildLibrary(str(Path("$BUILD_DIR", "arduino")), str(core))])
env.Append(LIBS=["m"])
