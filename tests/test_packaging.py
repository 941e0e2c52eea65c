"""What is shipped: pins, vendored files, settings, and nothing of the machine they were made on."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import patrol_core

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RANGES = [Requirement(line) for line in PROJECT["dependencies"]]
DEV_RANGES = [Requirement(line) for line in PROJECT["optional-dependencies"]["dev"]]
ONLY = r"[a-z_]+ [!=<>]+ '[^']+'"
PIN = re.compile(rf"^[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.!+]*( ; {ONLY}( and {ONLY})*)?$")


def pins(name: str) -> dict[str, str]:
    """Canonical name -> version."""
    found = {}
    for line in (ROOT / name).read_text().splitlines():
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "=="
        found[canonicalize_name(requirement.name)] = specifier.version
    return found


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_exact_pins_and_nothing_else(name):
    lines = (ROOT / name).read_text().splitlines()
    assert [line for line in lines if not PIN.match(line)] == []
    names = [canonicalize_name(Requirement(line).name) for line in lines]
    assert len(set(names)) == len(names), "one version for every Python and system"


def test_pins_satisfy_the_ranges():
    for_use, for_test = pins("requirements.txt"), pins("requirements-dev.txt")
    for ranges, found in ((RANGES, for_use), (RANGES + DEV_RANGES, for_test)):
        for wanted in ranges:
            version = found.get(canonicalize_name(wanted.name))
            assert version is not None, f"{wanted.name} is not pinned; run `make requirements`"
            assert wanted.specifier.contains(version), f"{wanted} does not allow {version}"


def test_test_tools_are_not_in_what_a_user_installs():
    for_use = pins("requirements.txt")
    assert not set(for_use) & {canonicalize_name(wanted.name) for wanted in DEV_RANGES}
    assert for_use.items() <= pins("requirements-dev.txt").items()


def test_every_range_has_both_ends():
    for wanted in RANGES:
        operators = {specifier.operator for specifier in wanted.specifier}
        assert operators == {">=", "<"}, wanted


def test_what_the_library_imports_is_declared():
    """Nothing works here only because a test tool or another library happened to bring it."""
    owners = packages_distributions()
    declared = {canonicalize_name(wanted.name) for wanted in RANGES}
    extras = PROJECT["optional-dependencies"]
    optional = {
        canonicalize_name(Requirement(line).name) for name in extras if name != "dev" for line in extras[name]
    }
    allowed = declared | optional | {"branca", "patrol-core"}  # branca is the other half of folium
    for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "patrol_core").rglob("*.py")]:
        if not path.exists():
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for top in {name.split(".")[0] for name in names} - set(sys.stdlib_module_names):
                found = {canonicalize_name(owner) for owner in owners.get(top, [top])}
                assert found & allowed or top == "patrol_core", f"{path.name} imports {top}: {found}"


def test_version_is_said_once_and_the_same():
    assert patrol_core.__version__ == PROJECT["version"]
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_vendored_files_are_as_published():
    listed = dict(
        re.findall(r"^\| (leaflet/\S+) \| ([0-9a-f]{64}) \|$", (ROOT / "static/README.md").read_text(), re.M)
    )
    found = {
        path.relative_to(ROOT / "static").as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (ROOT / "static" / "leaflet").rglob("*")
        if path.is_file()
    }
    assert found == listed


def flattened(table: dict, prefix: str = "") -> dict[str, object]:
    """Dotted key -> value."""
    flat = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= flattened(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def test_streamlit_knows_every_setting_and_the_safe_ones_are_set():
    from streamlit.config import get_config_options

    chosen = flattened(tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text()))
    known = get_config_options(force_reparse=False)
    assert [key for key in chosen if key not in known] == []
    assert chosen["server.address"] == "127.0.0.1"
    assert {"localhost", "127.0.0.1"} <= set(chosen["server.allowedHosts"])
    assert chosen["server.enableStaticServing"] is True
    assert chosen["server.enableXsrfProtection"] is True
    assert chosen["browser.gatherUsageStats"] is False
    assert chosen["client.showErrorDetails"] == "none"


def test_ci_runs_the_readme_test_command():
    script = ROOT / ".ci" / "run"
    assert "\nmake test\n" in script.read_text()
    if sys.platform != "win32":
        assert script.stat().st_mode & 0o111
    readme = (ROOT / "README.md").read_text()
    assert "make run" in readme
    assert "make test" in readme
    assert "pip install -r requirements.txt" in readme


def project_files() -> list[Path]:
    """Files that are or would be in git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("no git here, so nothing says which files belong to the project")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


# Written in pieces, so that this file passes its own test.
MACHINE = re.compile(
    "|".join(
        [
            r"(?<![\w.])/(?:root|home|Users|work|tmp|opt|mnt)/" + r"\w",
            r"[A-Z]:\\\\?Users",
            "pypi" + r"\.org",
            "pythonhosted" + r"\.org",
            "npmjs" + r"\.(?:org|com)",
            "--(?:extra-)?index" + "-url ",
            "shared/" + "design",
        ]
    )
)


def test_no_file_names_the_machine_it_was_made_on():
    found = []
    for path in project_files():
        content = path.read_bytes()
        if b"\0" in content[:8000] or (ROOT / "static" / "leaflet") in path.parents:
            continue  # vendored files are as published, their makers' traces included; their hashes are tested
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            hit = MACHINE.search(line)
            if hit:
                found.append(f"{path.relative_to(ROOT).as_posix()}:{number}: {hit.group()}")
    assert found == []


@pytest.mark.parametrize(
    "text", ["see /ro" + "ot/x", "'/wo" + "rk/main'", "https://py" + "pi.org/simple", "C:\\Us" + "ers\\me"]
)
def test_the_machine_test_can_fail(text):
    assert MACHINE.search(text)


def test_nothing_big_or_private_is_kept():
    for path in project_files():
        size = path.stat().st_size
        assert size < 3_000_000, f"{path.name}: {size} bytes"
        assert not path.name.startswith(".env")


def test_benchmarks_start_without_the_test_tools():
    """Someone who installed the program alone can measure it; only the benchmark of pages needs a browser."""
    from benchmarks.__main__ import PARTS

    tools = ["hypothesis", "nashpy", "playwright", "pygambit", "pytest"]
    modules = [arguments[1] for arguments in PARTS.values()]
    program = (
        f"import importlib, sys; sys.modules.update(dict.fromkeys({tools!r})); "
        f"[importlib.import_module(name) for name in {modules!r}]; "
        "from benchmarks.bench_pages import run; run()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "Skipped: the browser tools are not installed; `make bench` installs them.\n"
