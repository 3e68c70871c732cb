"""The repository itself: its floors, what no file of the program may call, what is packed, and the set-up script."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from nnstudio import paths

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "nnstudio"
QT = {"PySide6", "shiboken6", "pyqtgraph"}
FLOORS = {"core": 0, "library": 1, "engine": 2, "cli": 3, "ui": 3}


def sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def parsed(source: Path) -> ast.Module:
    return ast.parse(source.read_text("utf-8"), str(source))


def imported(source: Path) -> set[str]:
    """Every module that a file imports, wherever in it, and those named in a call of `import_module`."""
    package = source.relative_to(ROOT).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and called(node) in {"importlib.import_module", "import_module", "__import__"}:
            found |= {word.value for word in node.args if isinstance(word, ast.Constant)}
    return found


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def named(sources_: list[Path]) -> list[str]:
    return [str(source.relative_to(ROOT)) for source in sources_]


# -- floors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("floor", ["core", "library", "engine", "cli"])
def test_there_is_no_qt_outside_the_window(floor: str) -> None:
    files = sources(PACKAGE / floor)
    assert len(files) >= 5
    assert named([file for file in files if QT & {name.partition(".")[0] for name in imported(file)}]) == []


def test_there_is_no_torch_in_core() -> None:
    files = sources(PACKAGE / "core")
    heavy = {"torch", "sklearn", "scipy"}
    assert named([file for file in files if heavy & {name.partition(".")[0] for name in imported(file)}]) == []


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_imports_only_from_those_under_it(floor: str) -> None:
    wrong = []
    for file in sources(PACKAGE / floor):
        for name in imported(file):
            parts = name.split(".")
            if parts[0] == "nnstudio" and len(parts) > 1 and parts[1] != floor:
                other = FLOORS.get(parts[1])
                if parts[1] == "__main__" or (other is not None and other >= FLOORS[floor]):
                    wrong.append(f"{file.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_the_floors_are_all_there_is() -> None:
    folders = {entry.name for entry in PACKAGE.iterdir() if entry.is_dir() and entry.name != "__pycache__"}
    files = {entry.name for entry in PACKAGE.glob("*.py")}
    assert folders == set(FLOORS)
    assert files == {"__init__.py", "__main__.py", "paths.py"}


def loaded_after(code: str, *arguments: str) -> set[str]:
    """The top-level packages that a new Python has loaded after running `code`."""
    report = "\nimport json, sys\nprint()\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    answer = subprocess.run(
        [sys.executable, "-c", code + report, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=100
    )
    assert answer.returncode == 0, answer.stderr
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_core_loads_neither_torch_nor_qt() -> None:
    modules = [f"nnstudio.core.{file.stem}" for file in sources(PACKAGE / "core") if file.stem != "__init__"]
    loaded = loaded_after("\n".join(f"import {module}" for module in modules))
    assert "nnstudio" in loaded
    assert loaded & (QT | {"torch", "sklearn", "scipy"}) == set()


def test_the_commands_never_load_qt(tmp_path: Path) -> None:
    code = """
import sys
from nnstudio.__main__ import main
project, source = sys.argv[1:]
assert main(["examples"]) == 0
assert main(["new", "xor", project]) == 0
assert main(["check", project]) == 0
assert main(["train", project, "--epochs", "1", "--json"]) == 0
assert main(["export", project, "--to", "python", source]) == 0
"""
    loaded = loaded_after(code, str(tmp_path / "xor.nnstudio"), str(tmp_path / "xor.py"))
    assert "torch" in loaded
    assert loaded & QT == set()


# -- what a stranger's file must never reach ---------------------------------------------------------------------------


UNSAFE_MODULES = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "code", "runpy"}
UNSAFE_CALLS = {"eval", "exec", "torch.load", "torch.export.load", "torch.jit.load", "os.system", "os.popen"}
# What a person has agreed to run, or torch alone can read, is run and read in a process of its own.
IN_CHILD = "nnstudio/engine/importing/in_child"
OF_CHILD = {"torch.load", "torch.export.load"}


def test_what_runs_in_the_child_is_imported_by_nothing_else() -> None:
    name = IN_CHILD.replace("/", ".")
    outside = [file for file in sources(PACKAGE) if not file.is_relative_to(ROOT / IN_CHILD)]
    using = [file for file in outside if any(module.startswith(name) for module in imported(file))]
    assert named(using) == ["nnstudio/__main__.py"]  # which is the child where the program is one file


def test_the_child_reads_pickles_of_tensors_alone() -> None:
    for file in sources(ROOT / IN_CHILD):
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.Call) and called(node) == "torch.load":
                assert "weights_only=True" in ast.unparse(node)


@pytest.mark.parametrize("source", named(sources(PACKAGE)))
def test_nothing_runs_what_it_reads(source: str) -> None:
    file = ROOT / source
    assert {name.partition(".")[0] for name in imported(file)} & UNSAFE_MODULES == set()
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Call):
            unsafe = UNSAFE_CALLS - OF_CHILD if source.startswith(IN_CHILD) else UNSAFE_CALLS
            assert called(node) not in unsafe, f"line {node.lineno}"
            for keyword in node.keywords:
                allowed = keyword.arg not in {"allow_pickle", "shell"} or getattr(keyword.value, "value", None) is False
                assert allowed, f"line {node.lineno}: {keyword.arg}"


# -- what is packed, and what the README says --------------------------------------------------------------------------


def test_the_resources_are_found() -> None:
    folder = paths.resources()
    assert list((folder / "examples").glob("*.json"))
    assert list((folder / "icons").glob("*.svg"))


def test_the_top_level_is_as_it_is_described() -> None:
    needed = ("pyproject.toml", "README.md", "LICENSE", "nnstudio", "tests", "resources", "packaging", ".ci/run")
    assert [name for name in needed if not (ROOT / name).exists()] == []


def test_the_packaging_folder_hides_no_other_module() -> None:
    folder = ROOT / "packaging"
    assert not (folder / "__init__.py").exists()
    assert not (ROOT / "packaging.py").exists()
    names = {file.stem for file in folder.glob("*.py")}
    assert names & sys.stdlib_module_names == set()
    import packaging

    assert packaging.__file__ is not None
    assert ROOT / "packaging" not in Path(packaging.__file__).parents


@pytest.mark.parametrize("command", ["python3 packaging/bootstrap.py run", "python3 packaging/bootstrap.py test"])
def test_the_readme_names_the_two_commands(command: str) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"```\n{command}\n```" in readme


def test_the_pictures_of_the_readme_are_there() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", readme)
    assert pictures
    assert [picture for picture in pictures if not (ROOT / picture).is_file()] == []


def pins() -> dict[str, str]:
    found = {}
    for line in (ROOT / "packaging" / "constraints.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            [pin] = requirement.specifier
            assert pin.operator == "==", line
            found[canonicalize_name(requirement.name)] = pin.version
    return found


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for, with the tools for development."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["dev"]]


def test_the_pins_are_what_the_project_asks_for() -> None:
    pinned = pins()
    assert pinned["torch"] == "2.13.0"
    for requirement in wanted():
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement
    assert not next(each for each in wanted() if each.name == "PySide6-Essentials").specifier.contains("6.12.0")


def test_every_package_that_comes_along_is_pinned() -> None:
    pinned, seen, waiting = pins(), set[str](), wanted()
    while waiting:
        name = canonicalize_name(waiting.pop().name)
        if name in seen:
            continue
        seen.add(name)
        try:
            further = [Requirement(line) for line in requires(name) or []]
        except PackageNotFoundError:  # an optional part of this system that is not installed
            continue
        waiting += [each for each in further if each.marker is None or each.marker.evaluate({"extra": ""})]
    from_torch = {name for name in seen if name.startswith(("nvidia-", "cuda-", "triton"))}
    assert seen - from_torch - set(pinned) == set()


# -- bootstrap ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "packaging" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)  # tests run in .venv, the script does not
    return module


def no_library(name: str) -> object:
    raise OSError(f"{name}: cannot open shared object file")


def test_bootstrap_needs_the_standard_library_only() -> None:
    names = {name.partition(".")[0] for name in imported(ROOT / "packaging" / "bootstrap.py")}
    assert names <= sys.stdlib_module_names


def test_without_a_display_one_sentence_names_the_command(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(bootstrap, "set_up", lambda: None)
    assert bootstrap.main(["run"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "There is no display to open a window on; to train without one, use: .venv/bin/nnstudio train FILE\n"
    )
    assert bootstrap.main(["run", "my net.nnstudio"]) == 2
    assert capsys.readouterr().err.endswith("use: .venv/bin/nnstudio train 'my net.nnstudio'\n")


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_with_a_display_the_program_is_opened(
    name: str, bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setenv(name, "something")
    monkeypatch.setattr(bootstrap, "provide_system_packages", lambda needed: None)
    monkeypatch.setattr(bootstrap, "set_up", lambda: None)
    monkeypatch.setattr(bootstrap, "become", lambda command, environment: commands.append(command) or 0)
    assert bootstrap.main(["run", "my net.nnstudio"]) == 0
    assert commands == [[str(ROOT / ".venv" / "bin" / "nnstudio"), "my net.nnstudio"]]


def test_windows_and_macos_have_a_display_and_need_no_system_libraries(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for system in ("win32", "darwin"):
        monkeypatch.setattr(sys, "platform", system)
        assert bootstrap.has_display()
        assert bootstrap.libraries_needed("run") == {}


def test_test_runs_pytest_offscreen_with_what_follows(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    went_on: list[tuple[list[str], str]] = []
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("DISPLAY", ":5")
    monkeypatch.setattr(bootstrap, "set_up", lambda: None)
    monkeypatch.setattr(bootstrap, "provide_system_packages", lambda needed: None)
    monkeypatch.setattr(
        bootstrap,
        "become",
        lambda command, environment: went_on.append((command, environment["QT_QPA_PLATFORM"])) or 3,
    )
    assert bootstrap.main(["test", "-k", "floors", "-x"]) == 3
    [(command, platform)] = went_on
    assert command[1:3] == ["-m", "pytest"]
    assert command[-3:] == ["-k", "floors", "-x"]
    assert platform == "offscreen"


def test_what_is_needed_follows_from_what_is_asked(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bootstrap.libraries_needed("run") == {}  # no display, so no window
    assert bootstrap.libraries_needed("test") == bootstrap.FOR_QT
    monkeypatch.setenv("DISPLAY", ":5")
    assert bootstrap.libraries_needed("run") == {**bootstrap.FOR_QT, **bootstrap.FOR_X11}
    assert bootstrap.libraries_needed("test") == bootstrap.FOR_QT
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert "libwayland-cursor.so.0" in bootstrap.libraries_needed("run")


def test_missing_libraries_are_named_with_their_packages(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(library: str) -> object:
        return no_library(library) if library in {"libEGL.so.1", "libfontconfig.so.1"} else library

    assert bootstrap.missing_libraries(bootstrap.FOR_QT, load) == ["libEGL.so.1", "libfontconfig.so.1"]
    monkeypatch.setattr(bootstrap.ctypes, "CDLL", load)
    monkeypatch.setattr(bootstrap, "missing_libraries", lambda needed: ["libEGL.so.1", "libfontconfig.so.1"])
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None)
    assert bootstrap.main(["test"]) == 1
    assert capsys.readouterr().err == (
        "\nbootstrap: Qt needs system libraries that are missing (libEGL.so.1, libfontconfig.so.1). "
        "Install them, and run this again:\n    sudo apt-get install -y libegl1 libfontconfig1\n"
    )


def test_other_systems_are_told_the_libraries(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: name if name == "dnf" else None)
    sentence = bootstrap.missing_sentence(["libEGL.so.1"], ["libegl1"])
    assert sentence.endswith("sudo dnf install -y 'libEGL.so.1()(64bit)'")
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    sentence = bootstrap.missing_sentence(["libEGL.so.1"], ["libegl1"])
    assert "libEGL.so.1" in sentence
    assert "libegl1" in sentence


def test_root_on_debian_has_them_installed(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    installed: set[str] = set()

    def follow(command: list[str], environment: dict[str, str], reader: object) -> None:
        commands.append(command)
        assert environment["DEBIAN_FRONTEND"] == "noninteractive"
        if command[1] == "update":
            raise bootstrap.SetUpError("one source did not answer")
        installed.update(command[4:])

    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: name if name == "apt-get" else None)
    monkeypatch.setattr(bootstrap, "follow", follow)
    monkeypatch.setattr(
        bootstrap, "missing_libraries", lambda needed: [key for key in needed if needed[key] not in installed]
    )
    bootstrap.provide_system_packages({"libEGL.so.1": "libegl1", "libGL.so.1": "libgl1"})
    assert commands == [
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "libegl1", "libgl1"],
    ]


def test_a_python_that_makes_no_environments_is_told_which_package_does(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: name if name == "apt-get" else None)
    with pytest.raises(bootstrap.SetUpError, match=r"python3-venv") as raised:
        bootstrap.provide_system_packages({})
    assert str(raised.value).endswith(f"apt-get install -y python3.{sys.version_info.minor}-venv")


@pytest.mark.parametrize(
    ("system", "machine", "is_64_bit", "word"),
    [("darwin", "x86_64", True, "Intel"), ("win32", "AMD64", False, "64-bit")],
)
def test_what_torch_is_not_made_for_is_refused(
    system: str, machine: str, is_64_bit: bool, word: str, bootstrap: ModuleType
) -> None:
    with pytest.raises(bootstrap.SetUpError, match=word):
        bootstrap.refuse_unsupported(system, machine, is_64_bit=is_64_bit)
    bootstrap.refuse_unsupported("darwin", "arm64", is_64_bit=True)
    bootstrap.refuse_unsupported("linux", "x86_64", is_64_bit=True)


@pytest.fixture
def set_ups(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The commands that `set_up` gives, in a checkout of nothing but the two files that say what is installed."""
    commands: list[list[str]] = []

    def follow(command: list[str], environment: dict[str, str], reader: object) -> None:
        commands.append(command)
        if "venv" in command:
            bootstrap.script("python").parent.mkdir(parents=True, exist_ok=True)
            bootstrap.script("python").touch()
        elif "-e" in command:
            bootstrap.script("nnstudio").touch()

    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text(name)
    files = (tmp_path / "pyproject.toml", tmp_path / "constraints.txt")
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap.recipe, "__defaults__", (files,))
    monkeypatch.setattr(bootstrap, "follow", follow)
    monkeypatch.setattr(bootstrap, "try_it", lambda: None)
    return commands


def made(commands: list[list[str]]) -> int:
    """How often an environment was made."""
    return sum("--clear" in command for command in commands)


def test_what_is_set_up_is_not_set_up_again(bootstrap: ModuleType, set_ups: list[list[str]], tmp_path: Path) -> None:
    assert not bootstrap.is_current()
    bootstrap.set_up()
    assert bootstrap.is_current()
    assert made(set_ups) == 1
    assert any(command[-3:] == ["--progress-bar=raw", "-e", ".[dev]"] for command in set_ups)
    count = len(set_ups)
    bootstrap.set_up()
    assert len(set_ups) == count

    (tmp_path / "constraints.txt").write_text("numpy==3")
    assert not bootstrap.is_current()
    bootstrap.set_up()
    assert bootstrap.is_current()
    assert len(set_ups) > count
    assert made(set_ups) == 1  # the old one is brought up to date


def test_a_set_up_that_was_interrupted_begins_anew(
    bootstrap: ModuleType, set_ups: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(bootstrap, "try_it", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.set_up()
    assert not bootstrap.is_current()
    bootstrap.set_up()
    assert bootstrap.is_current()
    assert made(set_ups) == 2


def test_another_checkout_or_python_has_its_own_environment(
    bootstrap: ModuleType, set_ups: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.set_up()
    monkeypatch.setattr(bootstrap, "ROOT", Path("/moved"))
    assert not bootstrap.is_current()
    bootstrap.set_up()
    assert made(set_ups) == 2


def test_an_environment_made_by_hand_is_used_and_never_deleted(
    bootstrap: ModuleType, set_ups: list[list[str]], tmp_path: Path
) -> None:
    bootstrap.script("python").parent.mkdir(parents=True)
    (tmp_path / ".venv" / "precious").touch()
    with pytest.raises(bootstrap.SetUpError, match="in the way"):
        bootstrap.set_up()
    bootstrap.script("python").touch()
    bootstrap.set_up()
    assert made(set_ups) == 0
    assert bootstrap.is_current()
    assert (tmp_path / ".venv" / "precious").exists()


def test_pip_is_kept_from_going_elsewhere(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PIP_TARGET", "PIP_NO_COMPILE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "wheels")
    environment = bootstrap.clean_environment()
    assert environment["PIP_USER"] == "0"
    assert environment["PIP_FIND_LINKS"] == "wheels"
    assert not {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PIP_TARGET", "PIP_NO_COMPILE"} & set(environment)


def test_the_lines_of_pip_become_progress(bootstrap: ModuleType) -> None:
    reader = bootstrap.PipLines()
    said = [
        reader.read(line)
        for line in (
            "Obtaining file:///somewhere",
            "Collecting torch>=2.10 (from nnstudio==0.1.0)",
            "  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl.metadata (31 kB)",
            "  Downloading https://example.org/torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (191.8 MB)",
            "Progress 0 of 200",
            "Progress 100 of 200",
            "Downloading idna-3.1-py3-none-any.whl (57 kB)",
            "Progress 57 of 57",
            "Installing collected packages: mpmath, sympy, torch",
            "",
        )
    ]
    assert said == [
        "choosing packages",
        None,
        None,
        "fetching torch 2.13.0 (191.8 MB)",
        "fetching torch 2.13.0 (191.8 MB) 0 %",
        "fetching torch 2.13.0 (191.8 MB) 50 %",
        None,
        None,
        "unpacking 3 packages",
        None,
    ]


def test_a_command_that_fails_is_shown_with_what_it_said(bootstrap: ModuleType) -> None:
    code = "print('no such package'); raise SystemExit(3)"
    with pytest.raises(bootstrap.SetUpError, match=r"(?s)^no such package\nThis command failed: .*SystemExit"):
        bootstrap.follow([sys.executable, "-c", code], dict(os.environ), bootstrap.Plain())


def test_a_command_that_works_tells_what_it_does(bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    code = "print('Obtaining x'); print('Installing collected packages: a, b')"
    bootstrap.follow([sys.executable, "-c", code], dict(os.environ), bootstrap.PipLines())
    assert re.fullmatch(r"  choosing packages, \d s\n  unpacking 2 packages, \d s\n", capsys.readouterr().out)
