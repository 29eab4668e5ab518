"""Alerts and dashboard: promtool reads their queries, and each metric is one that the sources have."""

import json
import re
import tempfile
import unittest

import yaml

from repository import DEPLOY, metrics, run

PROMETHEUS = DEPLOY / "prometheus"
DASHBOARD = json.loads((DEPLOY / "grafana/twitchy.json").read_text())


def names(query):
    """The metrics of ours in a query; a histogram's series have endings of their own."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\btwitchy_[a-z0-9_]+", query)}


def queries():
    """Title and query of everything that the dashboard asks."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for annotation in DASHBOARD["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], re.sub(r"label_values\((\w+), \w+\)", r"\1", variable["query"]["query"])


class Monitoring(unittest.TestCase):
    def test_promtool_accepts_configuration_and_rules(self):
        run("promtool", "check", "config", PROMETHEUS / "prometheus.yml")
        run("promtool", "check", "rules", PROMETHEUS / "twitchy-alerts.yml")

    def test_alerts_fire_when_they_should_and_not_before(self):
        run("promtool", "test", "rules", PROMETHEUS / "twitchy-alerts.test.yml", cwd=PROMETHEUS)

    def test_alerts_name_metrics_that_exist(self):
        rules = yaml.safe_load((PROMETHEUS / "twitchy-alerts.yml").read_text())["groups"][0]["rules"]
        for rule in rules:
            self.assertLessEqual(names(rule["expr"]), metrics(), rule["alert"])
            self.assertIn("summary", rule["annotations"])

    def test_the_dashboard_names_metrics_that_exist(self):
        for title, query in queries():
            self.assertTrue(names(query), title)
            self.assertLessEqual(names(query), metrics(), title)

    def test_promtool_accepts_every_query_of_the_dashboard(self):
        rules = [
            {"record": f"dashboard:query{index}", "expr": query.replace("$__rate_interval", "1m").replace("$instance", ".*")}
            for index, (_, query) in enumerate(queries())]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
            file.flush()
            run("promtool", "check", "rules", "--lint=none", file.name)

    def test_panels_have_numbers_of_their_own_and_do_not_overlap(self):
        numbers = [panel["id"] for panel in DASHBOARD["panels"]]
        self.assertEqual(len(numbers), len(set(numbers)))
        taken = set()
        for panel in DASHBOARD["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24)
            cells = {
                (x, y) for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells


if __name__ == "__main__":
    unittest.main()
