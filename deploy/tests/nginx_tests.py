"""nginx in front of stand-ins for origins."""

import shutil
import subprocess
import tempfile
import time
import unittest

from edge_rules import HELD_SECONDS, STREAM, EdgeRules
from edges import Nginx
from processes import DEPLOY, free_port
from requests_through import at_once, request


class NginxRules(EdgeRules, unittest.TestCase):
    @classmethod
    def make_edge(cls):
        return Nginx(cls.folder / "nginx", cls.origins, cls.others)

    def test_speaks_http2_over_tls(self):
        answer = subprocess.run(
            ["curl", "--silent", "--show-error", "--http2", "--cacert", self.edge.certificate, "--output", "/dev/null",
             "--write-out", "%{http_version} %{http_code}", f"{self.edge.address}{STREAM}/1-1.m4s"],
            capture_output=True, text=True, check=True)
        self.assertEqual(answer.stdout, "2 200")

    def test_plain_http_is_redirected(self):
        answer = request(self.edge.plain_port, "/demo?x=1")
        self.assertEqual((answer.status, answer.fields["location"]), (308, "https://127.0.0.1/demo?x=1"))

    def test_browsers_are_told_to_stay_with_tls(self):
        for target in [f"{STREAM}/1-20.m4s", f"{STREAM}/live.m3u8", f"{STREAM}/missing.m4s", "/api/v1/channels", "/demo"]:
            answer = self.ask(target)
            self.assertEqual(answer.fields.get("strict-transport-security"), "max-age=31536000", target)
        self.assertNotIn("strict-transport-security", request(self.edge.plain_port, "/demo").fields)

    def test_one_client_cannot_take_rest_and_pushes_from_others(self):
        for target, number in [("/api/v1/channels", 600), ("/push/demo", 60)]:
            flood = at_once(20, lambda _: [self.ask(target, source="127.0.0.2") for _ in range(number // 20)])
            answers = [answer for each in flood for answer in each]
            self.assertEqual({answer.status for answer in answers}, {200, 429}, target)
            refused = next(answer for answer in answers if answer.status == 429)
            self.assertEqual(refused.fields["retry-after"], "1")
            self.assertEqual(refused.fields["x-content-type-options"], "nosniff")
            self.assertEqual(refused.fields["content-type"], "application/problem+json")
            self.assertEqual(self.ask(target, source="127.0.0.3").status, 200)

    def test_listeners_at_one_address_are_not_limited(self):
        """Sixty at low latency behind one address: each holds a reload and a part, and asks for a segment."""
        def listener(index):
            return [self.ask(target, source="127.0.0.4").status for target in [
                f"/hls/l{index}/s1/aac-128/live.m3u8?_HLS_msn=41&_HLS_part=1", f"/hls/l{index}/s1/aac-128/1-1.m4s"]]

        statuses = [status for each in at_once(60, listener) for status in each]
        self.assertEqual(set(statuses), {200})

    def test_requests_at_a_time_are_limited(self):
        with tempfile.TemporaryDirectory() as folder:
            edge = Nginx(
                folder + "/nginx", self.origins, self.others,
                changes_to_rules=[("limit_conn twitchy_connections 512;", "limit_conn twitchy_connections 10;")])
            try:
                def held(index, source="127.0.0.2"):
                    target = f"/hls/h{index}/s1/aac-128/live.m3u8?_HLS_msn=51&_HLS_part=1"
                    return request(edge.port, target, context=edge.context, source=source)

                def one(index):
                    # The last one is somebody else.
                    return held(index, "127.0.0.3" if index == 39 else "127.0.0.2")

                answers = at_once(40, one)
                self.assertEqual(answers[-1].status, 200)
                refused = [answer for answer in answers if answer.status == 429]
                self.assertGreaterEqual(len(refused), 10)
                # A script of another site can read it, and tries again.
                self.assertEqual(refused[0].fields["access-control-allow-origin"], "*")
                self.assertEqual(held(1).status, 200)
            finally:
                edge.stop()

    def test_held_requests_are_answered_when_the_origin_answers(self):
        target = f"{STREAM}/live.m3u8?_HLS_msn=31&_HLS_part=1"
        start = time.monotonic()
        answers = at_once(20, lambda _: self.ask(target))
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertLess(max(answer.time for answer in answers) - start - HELD_SECONDS, 2)
        # None waits for another: nginx would look only every half second whether that has its answer.
        self.assertEqual(self.asked(target), 20)

    def test_names_that_are_none_are_not_cached(self):
        """A second spelling of a name must not put its 404 in the place of the real thing."""
        escaped = self.ask(f"{STREAM}/1-%33.m4s")
        self.assertEqual(escaped.status, 200)
        self.assertEqual(self.asked(f"{STREAM}/1-3.m4s"), 1)
        before = self.asked_for("/hls/a%0d")
        self.ask("/hls/a%0d%0aX-Injected:1/1-3.m4s")
        self.assertEqual(before, {})
        self.assertEqual(len(self.asked_for("/hls/a%0d")), 1)

    def test_without_any_origin_the_answer_can_be_read_by_scripts(self):
        with tempfile.TemporaryDirectory() as folder:
            edge = Nginx(folder + "/nginx", [free_port(), free_port()], self.others)
            try:
                for target in [f"{STREAM}/live.m3u8", f"{STREAM}/live.m3u8?_HLS_msn=1", f"{STREAM}/1-1.m4s"]:
                    answer = request(edge.port, target, context=edge.context)
                    self.assertEqual(answer.status, 503)
                    self.assertEqual(answer.fields["access-control-allow-origin"], "*")
                    self.assertEqual(answer.fields["cache-control"], "no-store")
                    self.assertEqual(answer.fields["content-type"], "application/problem+json")
            finally:
                edge.stop()

    def test_the_configuration_for_one_machine_is_accepted(self):
        """The files that docs/deployment.md names; only what must lie below / is elsewhere."""
        folder = self.folder / "single"
        (folder / "twitchy").mkdir(parents=True)
        shutil.copy("/etc/nginx/mime.types", folder)
        for name in ("twitchy", "hls", "proxy", "forwarded", "own-answer", "upstreams-single", "listen-single", "redirect-single"):
            text = (DEPLOY / "nginx" / f"{name}.conf").read_text()
            for path in ("/etc/twitchy/", "/var/cache/nginx/"):
                text = text.replace(path, f"{self.edge.folder}/")
            # Even to judge its configuration nginx opens the ports, which the machine's own may have.
            text = text.replace("listen 443 ", f"listen {free_port()} ").replace("listen 80;", f"listen {free_port()};")
            text = text.replace("[::]:443 ", f"[::1]:{free_port()} ").replace("[::]:80;", f"[::1]:{free_port()};")
            (folder / "twitchy" / f"{name.removesuffix('-single')}.conf").write_text(text)
        text = (DEPLOY / "nginx" / "nginx.conf").read_text().replace("/run/nginx.pid", f"{folder}/nginx.pid")
        (folder / "nginx.conf").write_text(text)
        result = subprocess.run(
            ["nginx", "-t", "-p", folder, "-c", folder / "nginx.conf"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("[warn]", result.stderr)

    def test_with_the_cache_lock_held_requests_are_one(self):
        """The alternative that hls.conf names: once at the origin, and half a second late at most."""
        with tempfile.TemporaryDirectory() as folder:
            edge = Nginx(
                folder + "/nginx", self.origins, self.others,
                changes_to_hls=[(r"(location @twitchy-held \{\s+)proxy_cache_lock off", r"\1proxy_cache_lock on")])
            try:
                target = f"{STREAM}/live.m3u8?_HLS_msn=32&_HLS_part=1"
                start = time.monotonic()
                answers = at_once(20, lambda _: request(edge.port, target, context=edge.context))
                self.assertEqual({answer.status for answer in answers}, {200})
                self.assertEqual(self.asked(target), 1)
                self.assertLess(max(answer.time for answer in answers) - start - HELD_SECONDS, 2)
            finally:
                edge.stop()


if __name__ == "__main__":
    unittest.main()
