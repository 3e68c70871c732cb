"""From a checkout and a Python to the running program. Standard library only; Linux, macOS, Windows.

    python3 packaging/bootstrap.py               make .venv and install the pinned set of packages
    python3 packaging/bootstrap.py run [FILE]    the same, then open the program
    python3 packaging/bootstrap.py test [...]    the same, then run every test, offscreen; the rest goes to pytest

What is there already is not done again. Exit codes: 0 good, 1 the set-up failed, 2 there is no display to open a window
on, 130 interrupted; with `test`, pytest's own.
"""

import argparse
import contextlib
import ctypes
import hashlib
import importlib.util
import os
import platform
import queue
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  (an older Python must get this far to be told)
    newer = [name for name in ("python3.14", "python3.13", "python3.12", "python3.11") if shutil.which(name)]
    sys.exit(
        f"NN Studio needs Python 3.11 or later, and this is {platform.python_version()}. "
        + (f"Write {newer[0]} in place of python3." if newer else "Get one from https://www.python.org.")
    )

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
# Two files in .venv. The first says for which checkout and Python it was made; only a .venv that has it is ever
# deleted. The second says what was installed, and is written when all of it was.
PLACE = "nnstudio-place"
RECIPE = "nnstudio-recipe"

# What Qt loads from the system, and the Debian or Ubuntu package that holds it. Qt needs EGL and GL also offscreen.
# Its own message for a missing library of the second list names the wrong one, so each is tried.
FOR_QT = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
}
FOR_X11 = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
FOR_WAYLAND = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
}


class SetUpError(Exception):
    """What is in the way, and what to do about it."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bootstrap.py", description="Sets NN Studio up, and runs or tests it.")
    verbs = parser.add_subparsers(dest="verb", metavar="run | test")
    run = verbs.add_parser("run", help="open the program")
    run.add_argument("file", nargs="?", metavar="FILE", help="a project to open")
    verbs.add_parser("test", help="run every test, offscreen; what follows goes to pytest")
    is_test = arguments[:1] == ["test"] and arguments[1:] not in (["-h"], ["--help"])
    options = parser.parse_args(arguments[:1] if is_test else arguments)
    if Path(sys.prefix).resolve() == ENVIRONMENT.resolve():  # it may have to be made again, so it cannot be run from
        return become([base_python(), __file__, *arguments], os.environ)
    try:
        refuse_unsupported(sys.platform, platform.machine(), is_64_bit=sys.maxsize > 2**32)
        provide_system_packages(libraries_needed(options.verb))
        set_up()
    except SetUpError as error:
        print(f"\nbootstrap: {error}", file=sys.stderr)
        return 1
    if options.verb == "test":
        return test(arguments[1:])
    if options.verb == "run":
        return open_program(options.file)
    print(f"Ready. To open the program: {shown(script('nnstudio'))}")
    return 0


# -- what follows the set-up -------------------------------------------------------------------------------------------


def open_program(file: str | None) -> int:
    if not has_display():
        print(no_display_sentence(file), file=sys.stderr)
        return 2
    return become([str(script("nnstudio")), *([file] if file else [])], os.environ)


def no_display_sentence(file: str | None) -> str:
    command = f"{shown(script('nnstudio'))} train {shlex.quote(file) if file else 'FILE'}"
    return f"There is no display to open a window on; to train without one, use: {command}"


def test(arguments: list[str]) -> int:
    """Every test, in two processes; a file of tests stays in one of them. What is in `arguments` goes to pytest."""
    os.chdir(ROOT)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [str(script("python")), "-m", "pytest", "--numprocesses=2", "--dist=loadfile", *arguments]
    print(f"{shlex.join([shown(script('python')), *command[1:]])}", flush=True)
    return become(command, environment)


def has_display() -> bool:
    """Whether a window can be opened; Windows and macOS have a display always."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def become(command: list[str], environment: Mapping[str, str]) -> int:
    """Go on as another program; where a process cannot be replaced, run it and hand its exit code on."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execve(command[0], command, environment)
    process = subprocess.Popen(command, env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the other program got it too, and ends in its own way
            continue


# -- what the system must have -----------------------------------------------------------------------------------------


def refuse_unsupported(system: str, machine: str, *, is_64_bit: bool) -> None:
    if system == "darwin" and machine == "x86_64":
        raise SetUpError("PyTorch is no longer made for Macs with an Intel processor; an Apple one is needed.")
    if not is_64_bit:
        raise SetUpError("PyTorch needs a 64-bit Python, and this one has 32 bits.")


def libraries_needed(verb: str | None) -> dict[str, str]:
    """Shared libraries that Qt will want for what is asked: library -> Debian package."""
    if not sys.platform.startswith("linux"):
        return {}
    if verb == "run" and not has_display():
        return {}  # no window will open, and the commands need no Qt
    needed = dict(FOR_QT)
    if verb != "test" and os.environ.get("QT_QPA_PLATFORM") in (None, "", "xcb", "wayland"):
        needed.update(FOR_X11 if os.environ.get("DISPLAY") else {})
        needed.update(FOR_WAYLAND if os.environ.get("WAYLAND_DISPLAY") else {})
    return needed


def missing_libraries(needed: dict[str, str], load: Callable[[str], object] = ctypes.CDLL) -> list[str]:
    """Those of `needed` that cannot be loaded."""
    missing = []
    for library in needed:
        try:
            load(library)
        except OSError:
            missing.append(library)
    return missing


def missing_packages(needed: dict[str, str]) -> list[str]:
    """Debian packages that are missing, Python's own module for making environments among them."""
    packages = [needed[library] for library in missing_libraries(needed)]
    if importlib.util.find_spec("ensurepip") is None and not script("python").exists():
        packages.append(f"python3.{sys.version_info.minor}-venv")
    return packages


def provide_system_packages(needed: dict[str, str]) -> None:
    """Install what is missing where that is allowed; else say which command does."""
    packages = missing_packages(needed)
    if not packages:
        return
    libraries = missing_libraries(needed)
    if shutil.which("apt-get") and os.geteuid() == 0:
        step(f"Installing system packages: {' '.join(packages)}")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        with contextlib.suppress(SetUpError):  # one source that does not answer need not hold the others up
            follow(["apt-get", "update", "-q"], environment, Plain())
        try:
            follow(["apt-get", "install", "-q", "-y", *packages], environment, Plain())
        except SetUpError as error:
            raise SetUpError(f"{error}\n{missing_sentence(libraries, packages)}") from None
        importlib.invalidate_caches()
        packages = missing_packages(needed)
        if not packages:
            return
        libraries = missing_libraries(needed)
    raise SetUpError(missing_sentence(libraries, packages))


def missing_sentence(libraries: list[str], packages: list[str]) -> str:
    """What is missing, and the command of this system that installs it."""
    what = f"Qt needs system libraries that are missing ({', '.join(libraries)})" if libraries else ""
    if any(package.endswith("-venv") for package in packages):
        what = f"{what}; and " if what else ""
        what += "Python cannot make environments here (Debian keeps that in python3-venv)"
    if shutil.which("apt-get"):
        return f"{what}. Install them, and run this again:\n    {sudo()}apt-get install -y {' '.join(packages)}"
    for installer in ("dnf", "zypper"):  # both take the name of a library in place of a package
        if libraries and shutil.which(installer):
            names = " ".join(f"'{library}()(64bit)'" for library in libraries)
            return f"{what}. Install them, and run this again:\n    {sudo()}{installer} install -y {names}"
    return f"{what}. Install the packages of your system that hold them (Debian's are {', '.join(packages)})."


def sudo() -> str:
    return "" if os.geteuid() == 0 else "sudo "


# -- the environment ---------------------------------------------------------------------------------------------------


def base_python() -> str:
    """The Python under the environment that this one runs in, or this one."""
    return getattr(sys, "_base_executable", "") or sys.executable


def script(name: str) -> Path:
    """A program inside the environment."""
    return ENVIRONMENT / "Scripts" / f"{name}.exe" if os.name == "nt" else ENVIRONMENT / "bin" / name


def shown(path: Path) -> str:
    """A path as short as a person can type it from where they are."""
    if Path.cwd() in path.parents:
        path = path.relative_to(Path.cwd())
    return shlex.quote(str(path)) if os.name != "nt" else str(path)


def place() -> str:
    """What an environment is bound to: the checkout, and the Python it was made with."""
    return f"{ROOT}\n{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}\n"


def recipe(files: tuple[Path, ...] = (ROOT / "pyproject.toml", CONSTRAINTS)) -> str:
    """What should be installed, as one number."""
    digest = hashlib.sha256(place().encode())
    for file in files:
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def is_current() -> bool:
    return written(RECIPE) == recipe() and script("python").exists() and script("nnstudio").exists()


def written(name: str) -> str:
    try:
        return (ENVIRONMENT / name).read_text("utf-8")
    except (OSError, ValueError):
        return ""


def set_up() -> None:
    """Make the environment and install into it; nothing at all when that is done already."""
    if is_current():
        return
    began = time.monotonic()
    print(f"Setting NN Studio up in {shown(ENVIRONMENT)}; the first time takes a minute or more.", flush=True)
    make_environment()
    (ENVIRONMENT / RECIPE).unlink(missing_ok=True)
    install()
    step("Trying it")
    try_it()
    (ENVIRONMENT / RECIPE).write_text(recipe(), "utf-8")
    print(f"Set up in {time.monotonic() - began:.0f} s.", flush=True)


def make_environment() -> None:
    """A new `.venv`, unless there is one to go on with."""
    if ENVIRONMENT.exists() and not written(PLACE):  # made by hand: used, never deleted
        if not script("python").exists():
            raise SetUpError(f"{ENVIRONMENT} is in the way and no environment; delete it, and run this again.")
        return
    if written(PLACE) == place() and written(RECIPE) and script("python").exists():
        return  # complete once; what changed since is installed over it
    step(f"Making {shown(ENVIRONMENT)} with Python {platform.python_version()}")
    follow([base_python(), "-m", "venv", "--clear", str(ENVIRONMENT)], clean_environment(), Plain())
    (ENVIRONMENT / PLACE).write_text(place(), "utf-8")


def install() -> None:
    pip = [str(script("python")), "-m", "pip", "install", "--disable-pip-version-check", "-c", str(CONSTRAINTS)]
    step("Installing pip")
    follow([*pip, "--quiet", "pip"], clean_environment(), Plain())
    step("Installing the packages")
    raw = "--progress-bar=raw"  # bytes as numbers, also where the output is no terminal
    follow([*pip, "--compile", raw, "-e", ".[dev]"], clean_environment(), PipLines())


def try_it() -> None:
    """Import what Qt, torch and the installation can fail at. Qt only where its libraries are."""
    modules = "nnstudio, torch"
    if not sys.platform.startswith("linux") or not missing_libraries(FOR_QT):
        modules += ", PySide6.QtWidgets, pyqtgraph"
    environment = {**clean_environment(), "QT_QPA_PLATFORM": "offscreen"}
    answer = subprocess.run(
        [str(script("python")), "-c", f"import {modules}"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if answer.returncode:
        reason = answer.stderr.strip().rpartition("\n")[2] or f"exit code {answer.returncode}"
        raise SetUpError(f"All is installed, but it does not load here: {reason}")


def clean_environment() -> dict[str, str]:
    """The environment for pip: nothing that would send packages elsewhere or keep them from being compiled."""
    unwanted = {
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHOME",
        "PYTHONPATH",
        "PIP_PREFIX",
        "PIP_TARGET",
        "PIP_NO_COMPILE",
        "PIP_NO_DEPS",
        "PIP_QUIET",
        "VIRTUAL_ENV",
    }
    kept = {name: value for name, value in os.environ.items() if name.upper() not in unwanted}
    return {**kept, "PIP_USER": "0", "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


# -- progress ----------------------------------------------------------------------------------------------------------


def step(sentence: str) -> None:
    print(f"* {sentence}", flush=True)


class Plain:
    """Takes the lines of a command that has nothing to tell unless it fails."""

    def read(self, line: str) -> str | None:
        """What is going on now according to this line; None when it says nothing new."""
        return None


class PipLines(Plain):
    """Makes of pip's lines what a person wants to know: what is fetched, how much of it, and what is installed."""

    def __init__(self) -> None:
        self.fetching = ""

    def read(self, line: str) -> str | None:
        file = re.match(r"\s*(?:Downloading|Using cached) \S*?([^\s/\\-]+)-(\d\S*)\.whl \((.*)\)$", line)
        if file:
            name, version, size = file[1], file[2].partition("-")[0], file[3]
            self.fetching = f"{name} {version} ({size})" if size.endswith(("MB", "GB")) else ""
            return f"fetching {self.fetching}" if self.fetching else None
        if line.startswith("Obtaining "):
            return "choosing packages"
        done = re.match(r"\s*Progress (\d+) of (\d+)$", line)
        if done and self.fetching:
            return f"fetching {self.fetching} {100 * int(done[1]) // max(1, int(done[2]))} %"
        if line.startswith("Installing collected packages:"):
            return f"unpacking {line.count(',') + 1} packages"
        return None


class Ticker:
    """One line that says what goes on and for how long: rewritten on a terminal, written now and then elsewhere."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdout.isatty()
        self.began = time.monotonic()
        self.spoke = self.began
        self.said = ""

    def tell(self, text: str) -> None:
        now = time.monotonic()
        line = f"  {text or 'working'}, {now - self.began:.0f} s"
        if self.is_terminal:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{line[:width]:<{width}}", end="", flush=True)
        elif re.sub(r" \d+ %$", "", text) != self.said or now - self.spoke > 15:
            self.said, self.spoke = re.sub(r" \d+ %$", "", text), now
            print(line, flush=True)

    def end(self) -> None:
        if self.is_terminal:
            print(f"\r{'':<{shutil.get_terminal_size().columns - 1}}\r", end="", flush=True)


def follow(command: list[str], environment: dict[str, str], reader: Plain) -> None:
    """Run a command in the checkout and show how far it is.

    Raises:
        SetUpError: it failed; holds the end of what it said.
    """
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    lines: queue.Queue[str | None] = queue.Queue()

    def collect() -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                lines.put(line.rstrip())
        lines.put(None)

    threading.Thread(target=collect, daemon=True).start()
    ticker, doing = Ticker(), ""
    said: list[str] = []
    try:
        while True:
            try:
                line = lines.get(timeout=0.5)
            except queue.Empty:
                line = ""
            if line is None:
                break
            if line and not re.match(r"\s*Progress \d", line):
                said.append(line)
            doing = reader.read(line) or doing
            if doing or not line:
                ticker.tell(doing)
        code = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        ticker.end()
    if code:
        raise SetUpError("\n".join([*said[-25:], f"This command failed: {shlex.join(command)}"]))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nbootstrap: interrupted; run it again to go on.", file=sys.stderr)
        sys.exit(130)
