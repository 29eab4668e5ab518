"""compose.yaml, as Docker Compose itself reads it."""

import ipaddress
import json
import os
import pathlib
import re
import shutil
import tempfile
import unittest

import yaml

from repository import DEPLOY, ROLES, ROOT, is_option, run, tool, unknown_variables


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="twitchy-compose-"))
        shutil.copy(ROOT / "compose.yaml", cls.folder)
        shutil.copytree(DEPLOY, cls.folder / "deploy", ignore=shutil.ignore_patterns("secrets", "__pycache__"))
        cls.make_secrets()
        cls.secrets = cls.folder / "deploy/compose/secrets"
        # A user's own .env or plug-ins must not change what is tested.
        environment = {"PATH": os.environ["PATH"], "HOME": str(cls.folder), "DOCKER_CONFIG": str(cls.folder)}
        cls.text = run(tool("docker-compose"), "config", "--format", "json", cwd=cls.folder, env=environment)
        cls.project = json.loads(cls.text)
        cls.services = cls.project["services"]
        cls.ours = {name: service for name, service in cls.services.items() if "twitchy:" in service["image"]}

    @classmethod
    def make_secrets(cls):
        run(cls.folder / "deploy/compose/make-secrets.sh", cls.folder / "deploy/compose/secrets")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_one_service_a_role_with_two_workers_and_two_origins(self):
        roles = [service["command"][0] for service in self.ours.values()]
        self.assertEqual(set(roles), ROLES)
        self.assertEqual({role: roles.count(role) for role in ROLES if roles.count(role) > 1}, {"transcoder": 2, "origin": 2})

    def test_ports_are_published_on_loopback(self):
        published = [port for service in self.services.values() for port in service.get("ports", [])]
        self.assertEqual({port["target"] for port in published}, {1935, 1936, 8000, 8080, 8443})
        self.assertEqual({port["host_ip"] for port in published}, {"127.0.0.1"})

    def test_our_processes_are_locked_in(self):
        for name, service in self.ours.items():
            self.assertTrue(service["read_only"], name)
            self.assertEqual(service["cap_drop"], ["ALL"], name)
            self.assertEqual(service["user"], "10001:10001", name)
            self.assertIn("no-new-privileges:true", service["security_opt"], name)
            self.assertEqual([mount["target"] for mount in service["volumes"]], ["/data"], name)
            # Above the 10 s of the drain.
            self.assertEqual(service["stop_grace_period"], "20s", name)

    def test_encoders_get_tls(self):
        ingest = self.services["ingest"]
        files = {f"/run/secrets/{secret['target']}" for secret in ingest["secrets"]}
        for variable in ("TWITCHY_TLS_CERTIFICATE", "TWITCHY_TLS_KEY"):
            self.assertIn(ingest["environment"][variable], files)
        others = [name for name, service in self.ours.items() if "TWITCHY_TLS_KEY" in service["environment"]]
        self.assertEqual(others, ["ingest"])

    def test_data_folders_are_not_shared(self):
        volumes = [mount["source"] for service in self.ours.values() for mount in service["volumes"]]
        self.assertEqual(len(set(volumes)), len(self.ours))

    def test_every_service_has_limits_and_a_policy_and_says_when_it_is_well(self):
        for name, service in self.services.items():
            self.assertIn("memory", service["deploy"]["resources"]["limits"], name)
            self.assertIn("restart", service, name)
            if service["restart"] != "no":
                self.assertIn("test", service["healthcheck"], name)
            # `latest` is another program every month.
            self.assertRegex(service["image"], r":[^:]+$", name)
            self.assertFalse(service["image"].endswith(":latest"), name)

    def test_what_is_needed_is_waited_for(self):
        for name, service in self.ours.items():
            self.assertEqual(
                {needed: how["condition"] for needed, how in service["depends_on"].items()},
                {"rabbitmq": "service_healthy", "postgres": "service_healthy",
                 "bucket": "service_completed_successfully"}, name)
        self.assertEqual(
            set(self.services["nginx"]["depends_on"]),
            {name for name in self.ours if not name.startswith("transcoder")})

    def test_no_password_is_in_an_argument_and_only_s3s_in_the_environment(self):
        passwords = [(self.secrets / f"{name}-password").read_text() for name in ("rabbitmq", "postgres", "s3")]
        for name, service in self.services.items():
            for key, value in service.get("environment", {}).items():
                if key != "TWITCHY_S3_SECRET_ACCESS_KEY":
                    self.assertFalse(any(password in str(value) for password in passwords), f"{name} {key}")
            without = json.dumps({key: value for key, value in service.items() if key != "environment"})
            self.assertFalse(any(password in without for password in passwords), name)
        self.assertTrue(all(len(password) == 48 for password in passwords))

    def test_secrets_stay_when_they_are_made_again(self):
        before = {path.name: path.read_text() for path in self.secrets.iterdir()}
        self.make_secrets()
        self.assertEqual({path.name: path.read_text() for path in self.secrets.iterdir()}, before)
        self.assertEqual(self.secrets.stat().st_mode & 0o777, 0o700)
        for secret in self.project["secrets"].values():
            path = pathlib.Path(secret["file"])
            self.assertTrue(path.is_file(), path)
            # Another user reads it in the container.
            self.assertEqual(path.stat().st_mode & 0o444, 0o444, path)

    def test_options_exist(self):
        names = {name for service in self.ours.values() for name in service["environment"]}
        self.assertEqual(unknown_variables(names), [])
        for key in yaml.safe_load((self.secrets / "twitchy.yaml").read_text()):
            self.assertTrue(is_option(key), key)

    def test_every_mounted_file_is_there_and_all_of_nginx_is_mounted(self):
        binds = {
            mount["target"]: pathlib.Path(mount["source"]) for service in self.services.values()
            for mount in service.get("volumes", []) if mount["type"] == "bind"}
        for path in binds.values():
            self.assertTrue(path.is_file(), path)
        mounted = {target.removeprefix("/etc/nginx/") for target in binds if target.startswith("/etc/nginx/")}
        included = set()
        for path in (DEPLOY / "nginx").glob("*.conf"):
            included |= set(re.findall(r"^\s*include (twitchy/[a-z.-]+);", path.read_text(), re.MULTILINE))
        self.assertEqual(mounted, included | {"nginx.conf"})

    def test_nginx_is_the_trusted_proxy_and_knows_its_upstreams(self):
        address = self.services["nginx"]["networks"]["edge"]["ipv4_address"]
        network = ipaddress.ip_network(self.project["networks"]["edge"]["ipam"]["config"][0]["subnet"])
        self.assertIn(ipaddress.ip_address(address), network)
        for name, service in self.ours.items():
            self.assertEqual(service["environment"]["TWITCHY_TRUSTED_PROXIES"], address, name)
        upstreams = (DEPLOY / "nginx/upstreams-compose.conf").read_text()
        for host in set(re.findall(r"server ([a-z0-9-]+):", upstreams)):
            self.assertIn("edge", self.services[host]["networks"], host)
        self.assertTrue(self.project["networks"]["backend"]["internal"])


if __name__ == "__main__":
    unittest.main()
