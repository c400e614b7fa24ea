"""No framework: the project's ports bring the start-up code, its linker script lays out memory."""

from pathlib import Path

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()

env.Append(
    CFLAGS=["-std=c11"],
    CXXFLAGS=["-std=c++14"],
    LINKFLAGS=["-nostartfiles"],  # nothing here needs constructors, heap or stdio; PlatformIO itself adds -T
)
script = Path(env.subst("$PROJECT_DIR")) / env.BoardConfig().get("build.ldscript")
env.Depends("$BUILD_DIR/${PROGNAME}${PROGSUFFIX}", str(script))
