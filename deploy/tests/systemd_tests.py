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


class Administration(unittest.TestCase):
    """What twitchyctl has systemd run, seen by a stand-in for systemd-run that runs the command itself."""

    def run_command(self, *arguments, roles_apart=False):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            credentials = folder / "credentials"
            credentials.mkdir()
            (credentials / "twitchy.yaml").write_text("log-level: warning\n")
            (folder / "systemctl").write_text(f"#!/bin/sh\nexit {0 if roles_apart else 1}\n")
            (folder / "systemd-run").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
            for program in folder.glob("system*"):
                program.chmod(0o755)
            environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
            result = subprocess.run(
                ["sh", UNITS / "twitchyctl", *arguments], env=environment, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, check=True)
            lines = result.stdout.splitlines()
            shell = lines.index("/bin/sh")
            script = lines[shell + 2].replace("/usr/bin/twitchy", str(SERVER))
            output = run(
                *lines[shell:shell + 2], script, *lines[shell + 3:],
                env={**os.environ, "CREDENTIALS_DIRECTORY": str(credentials), "TWITCHY_DATA": str(folder / "data")})
            return lines[:shell], output

    def test_a_command_runs_as_the_service_does(self):
        options, output = self.run_command("channel", "create", "night_shift", "--offline")
        unit = (UNITS / "twitchy.service").read_text()
        for setting in ["DynamicUser=yes", "User=twitchy", "StateDirectory=twitchy", "UMask=0077"]:
            self.assertIn(f"--property={setting}", options)
            self.assertRegex(unit, rf"(?m)^{setting}$")
        self.assertIn("--setenv=TWITCHY_DATA=/var/lib/twitchy", options)
        self.assertRegex(output, r"(?m)^stream key night_shift_")

    def test_roles_apart_have_their_own(self):
        for arguments, role, apart in [(["version"], "accounts", True), (["@origin", "version"], "origin", False)]:
            options, _ = self.run_command(*arguments, roles_apart=apart)
            self.assertIn(f"--property=User=twitchy-{role}", options)
            self.assertIn(f"--property=EnvironmentFile=-/etc/twitchy/{role}.env", options)
            self.assertIn(f"--setenv=TWITCHY_DATA=/var/lib/twitchy-{role}", options)


if __name__ == "__main__":
    unittest.main()
