"""What tests ask of the tree."""

import functools
import pathlib
import re
import subprocess
import sys

from processes import DEPLOY, ROOT

# The roles that can be deployed. Chat and auth are not there yet.
ROLES = {"ingest", "transcoder", "origin", "accounts", "web"}


def tool(name):
    """A program of the Python environment that runs the tests."""
    path = pathlib.Path(sys.executable).parent / name
    if not path.exists():
        raise AssertionError(f"{name} is missing: scripts/prepare-tests.sh installs it")
    return path


def run(*arguments, **options):
    """The output of a program; the test fails with what it says when it fails."""
    result = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, **options)
    if result.returncode != 0:
        raise AssertionError(f"{arguments[0]} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.stdout


@functools.cache
def sources(folder=""):
    return "\n".join(path.read_text() for path in sorted((ROOT / "Sources" / folder).rglob("*.swift")))


def is_option(name):
    """Whether the server has an option of that name, without dashes in front."""
    return f'"{name}"' in sources("Twitchy")


def unknown_variables(names):
    """Those of our environment variables that no option and no client of ours reads."""
    known = {"TWITCHY_CONFIG", "TWITCHY_S3_ACCESS_KEY_ID", "TWITCHY_S3_SECRET_ACCESS_KEY"}
    return [
        name for name in names
        if name.startswith("TWITCHY_") and name not in known
        and not is_option(name.removeprefix("TWITCHY_").lower().replace("_", "-"))]


@functools.cache
def metrics():
    """Every metric that the sources name."""
    return set(re.findall(r'"(twitchy_[a-z0-9_]+)"', sources()))


__all__ = ["DEPLOY", "ROLES", "ROOT", "is_option", "metrics", "run", "sources", "tool", "unknown_variables"]
