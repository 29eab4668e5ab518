"""The manifests, as kustomize puts them together and the published schemas judge them."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

import yaml

from repository import DEPLOY, ROLES, run, tool, unknown_variables

# The oldest and the newest release that the manifests are held against.
RELEASES = ["1.29.0", "1.37.0"]


def for_old_kustomize(folder):
    """The kustomize in Debian's kubectl (2.0.3) wants folders under `bases`, and knows no other difference that we use."""
    for path in folder.rglob("kustomization.yaml"):
        document = yaml.safe_load(path.read_text())
        folders = [name for name in document["resources"] if (path.parent / name).is_dir()]
        if folders:
            document["bases"] = folders
            document["resources"] = [name for name in document["resources"] if name not in folders]
            path.write_text(yaml.safe_dump(document))


def render(name):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "kubernetes"
        shutil.copytree(DEPLOY / "kubernetes", folder)
        version = subprocess.run(["kubectl", "version", "--client"], capture_output=True, text=True).stdout
        if "Kustomize Version" not in version:
            for_old_kustomize(folder)
        return run("kubectl", "kustomize", folder / name)


class Manifests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = {name: render(name) for name in ("base", "overlays/example")}
        cls.objects = [document for document in yaml.safe_load_all(cls.text["overlays/example"]) if document]
        cls.by_kind = {}
        for item in cls.objects:
            cls.by_kind.setdefault(item["kind"], {})[item["metadata"]["name"]] = item
        cls.pods = {
            name: deployment["spec"]["template"] for name, deployment in cls.by_kind["Deployment"].items()}

    def container(self, name):
        return self.pods[name]["spec"]["containers"][0]

    def selected(self, selector):
        """The pods that a label selector means."""
        def matches(labels):
            for key, value in selector.get("matchLabels", {}).items():
                if labels.get(key) != value:
                    return False
            for expression in selector.get("matchExpressions", []):
                self.assertEqual(expression["operator"], "In")
                if labels.get(expression["key"]) not in expression["values"]:
                    return False
            return True

        return {name for name, pod in self.pods.items() if matches(pod["metadata"]["labels"])}

    def test_the_schemas_of_old_and_new_releases_accept_everything(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(self.text["overlays/example"])
            file.flush()
            for release in RELEASES:
                run(tool("kubernetes-validate"), "--strict", "--quiet", "-k", release, file.name)

    def test_there_is_one_deployment_a_role(self):
        self.assertEqual({self.container(name)["args"][0] for name in self.pods}, ROLES)
        for name in self.pods:
            self.assertEqual(name, "twitchy-" + self.container(name)["args"][0])
            self.assertEqual(self.container(name)["image"], "registry.example/twitchy:0.1.0")

    def test_no_secret_is_contained(self):
        self.assertNotIn("Secret", self.by_kind)
        described = (DEPLOY / "kubernetes/overlays/example/secrets.md").read_text()
        for name, pod in self.pods.items():
            files = {"twitchy": ["twitchy.yaml"], "twitchy-tls": ["tls.crt", "tls.key"]}
            wanted = {
                (volume["secret"]["secretName"], key) for volume in pod["spec"]["volumes"] if "secret" in volume
                for key in files[volume["secret"]["secretName"]]}
            for variable in self.container(name).get("env", []):
                reference = variable.get("valueFrom", {}).get("secretKeyRef")
                if reference:
                    wanted.add((reference["name"], reference["key"]))
            self.assertTrue(wanted)
            for secret, key in wanted:
                self.assertIn(f"| `{secret}` |", described)
                self.assertIn(f"`{key}`", described)
        for ingress in self.by_kind["Ingress"].values():
            for entry in ingress["spec"]["tls"]:
                self.assertIn(f"| `{entry['secretName']}` |", described)

    def test_encoders_get_tls(self):
        container = self.container("twitchy-ingest")
        (folder,) = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "tls"]
        files = {variable["name"]: variable["value"] for variable in container["env"]}
        self.assertEqual(
            (files["TWITCHY_TLS_CERTIFICATE"], files["TWITCHY_TLS_KEY"]), (f"{folder}/tls.crt", f"{folder}/tls.key"))
        public = self.by_kind["Service"]["twitchy-ingest-public"]["spec"]["ports"]
        self.assertEqual({port["port"] for port in public}, {1935, 1936, 8000})

    def test_options_exist(self):
        (configuration,) = self.by_kind["ConfigMap"].values()
        names = set(configuration["data"])
        for name in self.pods:
            names |= {variable["name"] for variable in self.container(name).get("env", [])}
        self.assertEqual(unknown_variables(names), [])
        self.assertIn("TWITCHY_PUBLIC_URL", names)
        self.assertIn("TWITCHY_CONFIG", names)

    def test_what_is_named_exists(self):
        maps = set(self.by_kind["ConfigMap"])
        for name, pod in self.pods.items():
            container = self.container(name)
            for source in container["envFrom"]:
                self.assertIn(source["configMapRef"]["name"], maps)
            self.assertIn(pod["spec"]["serviceAccountName"], self.by_kind["ServiceAccount"])
            self.assertEqual(
                {mount["name"] for mount in container["volumeMounts"]},
                {volume["name"] for volume in pod["spec"]["volumes"]})
        for name, autoscaler in self.by_kind["HorizontalPodAutoscaler"].items():
            target = autoscaler["spec"]["scaleTargetRef"]["name"]
            self.assertIn("cpu", self.container(target)["resources"]["requests"])
            # Otherwise every `apply` would set the number back.
            self.assertNotIn("replicas", self.by_kind["Deployment"][target]["spec"])
            self.assertGreaterEqual(autoscaler["spec"]["minReplicas"], 2)
        for service in self.by_kind["Service"].values():
            pods = self.selected({"matchLabels": service["spec"]["selector"]})
            self.assertEqual(len(pods), 1)
            ports = {port["name"] for port in self.container(*pods)["ports"]}
            for port in service["spec"]["ports"]:
                self.assertIn(port["targetPort"], ports)
        for ingress in self.by_kind["Ingress"].values():
            for rule in ingress["spec"]["rules"]:
                for path in rule["http"]["paths"]:
                    backend = path["backend"]["service"]
                    ports = self.by_kind["Service"][backend["name"]]["spec"]["ports"]
                    self.assertIn(backend["port"]["name"], {port["name"] for port in ports})

    def test_every_deployment_survives_a_drain_of_its_node(self):
        covered = set()
        for budget in self.by_kind["PodDisruptionBudget"].values():
            covered |= self.selected(budget["spec"]["selector"])
        self.assertEqual(covered, set(self.pods))
        for name, pod in self.pods.items():
            self.assertGreaterEqual(self.by_kind["Deployment"][name]["spec"].get("replicas", 2), 2)
            self.assertGreater(pod["spec"]["terminationGracePeriodSeconds"], 15, name)
            for constraint in pod["spec"]["topologySpreadConstraints"]:
                self.assertEqual(self.selected(constraint["labelSelector"]), {name})

    def test_policies_name_ports_that_are_there(self):
        for name, policy in self.by_kind["NetworkPolicy"].items():
            pods = self.selected(policy["spec"]["podSelector"])
            self.assertTrue(pods, name)
            for rule in policy["spec"].get("ingress", []):
                for port in rule["ports"]:
                    for pod in pods:
                        self.assertIn(port["port"], {entry["name"] for entry in self.container(pod)["ports"]}, name)
        reachable = self.by_kind["NetworkPolicy"]["twitchy-default"]["spec"]
        self.assertEqual(self.selected(reachable["podSelector"]), set(self.pods))
        self.assertEqual(set(reachable["policyTypes"]), {"Ingress", "Egress"})

    def test_probes_ask_the_admin_port_which_listens_for_them(self):
        (configuration,) = self.by_kind["ConfigMap"].values()
        self.assertEqual(configuration["data"]["TWITCHY_ADMIN_BIND"], "0.0.0.0")
        for name in self.pods:
            container = self.container(name)
            probes = {kind: container[kind]["httpGet"] for kind in ("livenessProbe", "readinessProbe", "startupProbe")}
            self.assertEqual({probe["port"] for probe in probes.values()}, {"admin"})
            self.assertEqual(probes["livenessProbe"]["path"], "/healthz")
            self.assertEqual(probes["readinessProbe"]["path"], "/readyz")
            self.assertIn("admin", {port["name"] for port in container["ports"]})

    def test_pods_keep_to_the_restricted_standard(self):
        for name, pod in self.pods.items():
            security = pod["spec"]["securityContext"]
            self.assertTrue(security["runAsNonRoot"], name)
            self.assertEqual(security["runAsUser"], 10001, name)
            self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"}, name)
            self.assertFalse(pod["spec"]["automountServiceAccountToken"], name)
            self.assertFalse(pod["spec"]["enableServiceLinks"], name)
            container = self.container(name)["securityContext"]
            self.assertEqual(container, {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}})
            resources = self.container(name)["resources"]
            self.assertEqual((set(resources["requests"]), set(resources["limits"])), ({"cpu", "memory"}, {"memory"}))


if __name__ == "__main__":
    unittest.main()
