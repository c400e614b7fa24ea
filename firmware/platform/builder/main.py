"""Builds one image with a cross compiler on PATH: bare metal, or on a framework that is installed.

Run by PlatformIO inside SCons. The board's JSON says which compiler (build.toolchain, the prefix of its programs),
which flags select the core (build.machine_flags) and how much flash and RAM there are. What bare metal and each
framework add is in frameworks/.
"""

import sys
from shutil import which

from SCons.Script import AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()
toolchain = board.get("build.toolchain")
if which(toolchain + "gcc") is None:
    package = board.get("build.toolchain_package")
    sys.stderr.write(f"Error: {toolchain}gcc is not on PATH; Debian: apt-get install {package}\n")
    sys.exit(1)

machine = board.get("build.machine_flags").split()

env.Replace(
    AR=toolchain + "gcc-ar",
    AS=toolchain + "gcc",
    CC=toolchain + "gcc",
    CXX=toolchain + "g++",
    LINK=toolchain + "gcc",
    OBJCOPY=toolchain + "objcopy",
    RANLIB=toolchain + "gcc-ranlib",
    SIZETOOL=toolchain + "size",
    ARFLAGS=["rc"],
    PROGNAME="firmware",
    PROGSUFFIX=".elf",
    # Of `size -A`: what is stored in flash, and what takes RAM.
    SIZECHECKCMD="$SIZETOOL -A -d $SOURCES",
    SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
    SIZEPROGREGEXP=r"^(?:\.text|\.data)\s+(\d+).*",
    SIZEDATAREGEXP=r"^(?:\.stack|\.data|\.bss|\.noinit)\s+(\d+).*",
)

env.Append(
    ASFLAGS=[*machine, "-x", "assembler-with-cpp"],
    CXXFLAGS=["-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"],
    CCFLAGS=[
        *machine,
        "-g",
        "-ffunction-sections",  # with --gc-sections: only what is used is linked
        "-fdata-sections",
        "-fno-common",
    ],
    LINKFLAGS=[
        *machine,
        *board.get("build.link_flags").split(),
        "-Wl,--gc-sections",
        "-Wl,--fatal-warnings",
        "-Wl,-Map,${BUILD_DIR}/firmware.map",
    ],
)

if not env.get("PIOFRAMEWORK"):
    env.SConscript("frameworks/bare_metal.py")

program = env.BuildProgram()
binary = env.Command(
    "$BUILD_DIR/firmware.bin", program, env.VerboseAction("$OBJCOPY -O binary $SOURCE $TARGET", "Building $TARGET")
)
env.AddPlatformTarget("size", program, env.VerboseAction("$SIZEPRINTCMD", "Sizes of $SOURCE"), "Program size")
AlwaysBuild(env.Alias("nobuild", program))

upload_command = board.get("upload.command", "")
if upload_command:
    env.Replace(UPLOADCMD=upload_command)
    actions = [env.VerboseAction("$UPLOADCMD", "Uploading $SOURCE")]
else:
    actions = [env.VerboseAction(lambda **_: sys.exit("this board has no upload tool"), "Uploading $SOURCE")]
env.AddPlatformTarget("upload", binary, actions, "Upload")

Default([program, binary])
