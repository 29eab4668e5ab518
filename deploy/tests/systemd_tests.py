"""The units, as systemd itself reads them."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from repository import DEPLOY, ROLES, ROOT, run, unknown_variables

UNITS = DEPLOY / "systemd"
SERVER = os.environ.get("TWITCHY_BINARY", ROOT / ".build" / "debug" / "twitchy")
# In tenths of 0 (nothing is allowed) to 10 (everything is).
HIGHEST_EXPOSURE = 15


class Units(unittest.TestCase):
    def setUp(self):
        """verify looks for the program, which a test installs nowhere."""
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        for path in UNITS.iterdir():
            text = path.read_text()
            if path.suffix == ".service":
                self.assertRegex(text, r"(?m)^ExecStart=/usr/bin/twitchy (serve|%i)$")
            text = re.sub(r"(?m)^ExecStart=/usr/bin/twitchy ", f"ExecStart={SERVER} ", text)
            (self.folder / path.name).write_text(text)
            for role in sorted(ROLES) if path.name == "twitchy@.service" else []:
                (self.folder / f"twitchy@{role}.service").write_text(text)

    def services(self):
        return [self.folder / "twitchy.service"] + [self.folder / f"twitchy@{role}.service" for role in sorted(ROLES)]

    def test_verify_finds_nothing(self):
        # Keys and values that it does not know are warnings, after which it ends with 0.
        result = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *self.services(), self.folder / "twitchy-roles.target"],
            capture_output=True, text=True)
        # What it says about units of the machine is not ours.
        said = [line for line in result.stderr.splitlines() if str(self.folder) in line or "twitchy" in line]
        self.assertEqual((result.returncode, said), (0, []))

    def test_little_is_exposed(self):
        for name in ("twitchy.service", "twitchy@.service"):
            run("systemd-analyze", "security", "--offline=yes", f"--threshold={HIGHEST_EXPOSURE}", UNITS / name)

    def test_time_to_drain_and_a_limit_to_starting_again(self):
        for name in ("twitchy.service", "twitchy@.service"):
            text = (UNITS / name).read_text()
            self.assertGreater(int(re.search(r"(?m)^TimeoutStopSec=(\d+)s$", text)[1]), 10)
            self.assertRegex(text, r"(?m)^Restart=on-failure$")
            self.assertRegex(text, r"(?m)^StartLimitBurst=\d+$")
            self.assertRegex(text, r"(?m)^RestartPreventExitStatus=64 65 69$")

    def test_options_exist_and_no_secret_is_an_argument(self):
        for name in ("twitchy.service", "twitchy@.service"):
            text = (UNITS / name).read_text()
            self.assertEqual(unknown_variables(re.findall(r"(TWITCHY_[A-Z0-9_]+)=", text)), [])
            self.assertRegex(text, r"(?m)^LoadCredential=twitchy.yaml:")
            self.assertNotIn("--", re.search(r"(?m)^ExecStart=(.*)$", text)[1])


if __name__ == "__main__":
    unittest.main()
