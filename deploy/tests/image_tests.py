"""The Dockerfile. docker/try-runtime.sh tries its runtime root by hand."""

import os
import pathlib
import re
import unittest

from repository import ROOT, run, tool, unknown_variables

DOCKERFILE = (ROOT / "Dockerfile").read_text()
SERVER = pathlib.Path(os.environ.get("TWITCHY_BINARY", ROOT / ".build" / "debug" / "twitchy"))


class Image(unittest.TestCase):
    def test_hadolint_finds_nothing(self):
        run(tool("hadolint"), "--failure-threshold", "style", ROOT / "Dockerfile")

    def test_every_library_of_the_binary_comes_from_a_package_that_is_installed(self):
        runtime = DOCKERFILE.split("AS runtime")[1]
        installed = set(re.findall(r"^ +([a-z0-9.+-]+) \\$", runtime, re.MULTILINE))
        self.assertIn("libavcodec59", installed)
        # What every Debian has, and what the image links statically.
        present = {"libc6", "libgcc-s1"}
        needed = re.findall(r"^\t(\S+) => (/\S+)", run("ldd", SERVER), re.MULTILINE)
        direct = re.findall(r"NEEDED\)\s+Shared library: \[([^]]+)\]", run("readelf", "--dynamic", SERVER))
        packages = {}
        for name, path in needed:
            if name not in direct or re.match(r"lib(swift|Foundation|_Foundation|dispatch|Blocks)", name):
                continue
            owner = run("dpkg", "--search", f"*/{name}").splitlines()[0].split(":")[0]
            packages[name] = owner
        self.assertIn("libavcodec.so.59", packages)
        self.assertEqual({name: owner for name, owner in packages.items() if owner not in installed | present}, {})

    def test_the_builder_gets_what_is_copied_and_no_more(self):
        ignored = (ROOT / ".dockerignore").read_text().splitlines()
        sent = {line.removeprefix("!") for line in ignored if line.startswith("!")}
        self.assertIn("*", ignored)
        copied = set()
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
            copied |= {word for word in line.split()[:-1] if not word.startswith("--")}
        self.assertEqual(copied, sent)
        for path in copied:
            self.assertTrue((ROOT / path).exists(), path)

    def test_the_environment_names_options(self):
        self.assertEqual(unknown_variables(re.findall(r"(TWITCHY_[A-Z_]+)=", DOCKERFILE)), [])

    def test_runs_as_a_number_that_is_not_root(self):
        self.assertRegex(DOCKERFILE.split("AS runtime")[1], r"(?m)^USER [1-9][0-9]*:[1-9][0-9]*$")


if __name__ == "__main__":
    unittest.main()
