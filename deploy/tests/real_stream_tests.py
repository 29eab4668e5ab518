"""A real server with a real stream, behind nginx and behind Varnish."""

import gzip
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest
import wave

import monitoring_tests
from edges import Nginx, Varnish
from processes import DEPLOY, ROOT, Program, free_port, wait_until
from requests_through import at_once, request

SERVER = os.environ.get("TWITCHY_BINARY", ROOT / ".build" / "debug" / "twitchy")


def setUpModule():
    global folder, programs, http_port, admin_port, nginx, varnish, stream
    folder = pathlib.Path(tempfile.mkdtemp(prefix="twitchy-stream-"))
    http_port, rtmp_port, icecast_port, admin_port = (free_port() for _ in range(4))
    programs = [Program(
        [SERVER, "serve", "--demo", "--data", folder / "data", "--http-port", http_port, "--rtmp-port", rtmp_port,
         "--icecast-port", icecast_port, "--admin-port", admin_port, "--trusted-proxies", "127.0.0.1"],
        folder / "server.log").wait_for_port(http_port)]
    programs.append(Program(
        ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i",
         "sine=frequency=440:sample_rate=48000", "-af", "volume=0.5", "-c:a", "aac", "-b:a", "128k", "-f", "flv",
         f"rtmp://127.0.0.1:{rtmp_port}/live/demo-key"], folder / "ffmpeg.log"))
    nginx = Nginx(folder / "nginx", [http_port], http_port, push=icecast_port, upstreams="upstreams-compose.conf")
    varnish = Varnish(folder / "varnish", [http_port], http_port, probes=False)
    programs += [nginx, varnish]
    master = wait_until(
        lambda: (answer := request(http_port, "/hls/demo/master.m3u8")).status == 200 and answer, "the stream", 60)
    stream = re.search(r"^(\S+)/\S+/live\.m3u8$", master.body.decode(), re.MULTILINE)[1]
    # Players of today begin three segments from the end.
    wait_until(lambda: playlist(http_port).count("#EXTINF") >= 4, "four segments", 60)


def tearDownModule():
    for program in reversed(programs):
        program.stop()
    shutil.rmtree(folder)


def path(name):
    return f"/hls/demo/{stream}/aac-128/{name}"


def playlist(port, query="", context=None):
    answer = request(port, path("live.m3u8") + query, context=context)
    assert answer.status == 200, answer
    return answer.body.decode()


def position(text):
    """Media sequence number of the open segment, and its parts so far."""
    first = int(re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", text)[1])
    return first + text.count("#EXTINF"), text[text.rfind("#EXTINF"):].count("#EXT-X-PART:")


def ahead(text, parts):
    """The query for the playlist that is so many parts further."""
    segment, part = position(text)
    segment, part = segment + (part + parts) // 10, (part + parts) % 10
    return f"?_HLS_msn={segment}&_HLS_part={part}"


def requests_at_the_origin():
    text = request(admin_port, "/metrics").body.decode()
    return sum(float(value) for value in re.findall(r"^twitchy_http_requests_total\{[^}]*\} (\S+)$", text, re.MULTILINE))


def settled_requests_at_the_origin():
    """The event loops add their counts up now and then."""
    before = requests_at_the_origin()
    while True:
        time.sleep(1.2)
        now = requests_at_the_origin()
        if now == before:
            return now
        before = now


class RealStream(unittest.TestCase):
    edges = property(lambda self: [("nginx", nginx), ("varnish", varnish)])

    def test_many_that_wait_for_one_part_are_one_request_to_the_origin(self):
        before = settled_requests_at_the_origin()
        query = ahead(playlist(http_port), 6)
        answers = at_once(40, lambda _: request(varnish.port, path("live.m3u8") + query))
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(len({answer.body for answer in answers}), 1)
        # The other one is the playlist that the query was made of.
        self.assertEqual(settled_requests_at_the_origin() - before, 2)
        self.assertIn("max-age=12", answers[0].fields["cache-control"])

    def test_the_hinted_part_comes_through_and_is_kept(self):
        for name, edge in self.edges:
            hint = re.search(r'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="([^"]+)"', playlist(http_port))[1]
            first = request(edge.port, path(hint), context=edge.context)
            second = request(edge.port, path(hint), context=edge.context)
            self.assertEqual((first.status, second.status), (200, 200), name)
            self.assertEqual(second.fields["x-cache-status"], "HIT", name)
            self.assertEqual(first.body, request(http_port, path(hint)).body, name)

    def test_a_segment_its_ranges_and_its_head(self):
        segment = re.findall(r"^(\S+\.m4s)$", playlist(http_port), re.MULTILINE)[-2]
        direct = request(http_port, path(segment))
        for name, edge in self.edges:
            whole = request(edge.port, path(segment), context=edge.context)
            part = request(edge.port, path(segment), context=edge.context, fields={"Range": "bytes=8-99"})
            head = request(edge.port, path(segment), context=edge.context, method="HEAD")
            self.assertEqual((whole.status, whole.body), (200, direct.body), name)
            self.assertEqual((part.status, part.body), (206, direct.body[8:100]), name)
            self.assertEqual((head.status, head.fields["content-length"]), (200, str(len(direct.body))), name)
            self.assertEqual(head.fields["x-cache-status"], "HIT", name)
            self.assertEqual(whole.fields["access-control-allow-origin"], "*", name)

    def test_a_plain_playlist_follows_the_stream(self):
        ends = time.monotonic() + 4
        while time.monotonic() < ends:
            for name, edge in self.edges:
                segment, part = position(playlist(http_port))
                copy_segment, copy_part = position(playlist(edge.port, context=edge.context))
                # A lifetime of one second in a cache that counts whole ones: less than eleven parts.
                self.assertLess((segment - copy_segment) * 10 + part - copy_part, 11, name)
            time.sleep(0.2)

    def test_reload_after_reload_moves_on_by_what_was_asked(self):
        for name, edge in self.edges:
            text = playlist(http_port)
            for _ in range(8):
                query = ahead(text, 1)
                text = playlist(edge.port, query + "&_HLS_skip=YES", context=edge.context)
                segment, part = (int(number) for number in re.findall(r"=(\d+)", query))
                listed = re.findall(r'#EXT-X-PART:[^\n]*URI="\d+-(\d+)\.(\d+)\.m4s"', text)
                self.assertIn((str(segment), str(part)), listed, name)
                self.assertIn("#EXT-X-SKIP", text, name)
                text = playlist(http_port)

    def test_compressed_playlists(self):
        for name, edge in self.edges:
            answer = request(edge.port, path("live.m3u8"), context=edge.context, fields={"Accept-Encoding": "gzip, br"})
            self.assertEqual(answer.fields.get("content-encoding"), "gzip", name)
            self.assertIn(b"#EXT-X-PART-INF", gzip.decompress(answer.body), name)

    def test_what_is_off_the_air_is_found_when_it_is_on_again(self):
        for name, edge in self.edges:
            answer = request(edge.port, "/hls/nobody/master.m3u8", context=edge.context)
            self.assertEqual((answer.status, answer.fields["cache-control"]), (404, "public, max-age=1"), name)

    def test_pages_and_rest(self):
        for name, edge in self.edges:
            self.assertIn(b"<html", request(edge.port, "/demo", context=edge.context).body, name)
            answer = request(edge.port, "/api/v1/channels/demo", context=edge.context)
            self.assertIn(b'"live":true', answer.body, name)
            beat = request(edge.port, "/api/v1/channels/demo/presence", context=edge.context, method="POST")
            self.assertEqual(beat.status, 204, name)
        # The address in links is that under which the client asked.
        answer = request(nginx.port, "/api/v1/channels/demo", context=nginx.context)
        self.assertIn(f'"https://127.0.0.1:{nginx.port}/hls/demo/master.m3u8"'.encode(), answer.body)

    def test_a_player_hears_the_tone_over_tls(self):
        sound = folder / "heard.wav"
        subprocess.run(
            ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "fatal", "-i", f"{nginx.address}/hls/demo/master.m3u8",
             "-t", "5", "-c:a", "pcm_s16le", "-ac", "1", "-y", sound], check=True, timeout=60)
        with wave.open(str(sound)) as file:
            frames = file.readframes(file.getnframes())
            samples = [int.from_bytes(frames[at:at + 2], "little", signed=True) for at in range(0, len(frames), 2)]
            self.assertEqual(file.getframerate(), 48000)
        self.assertGreaterEqual(len(samples), 4.9 * 48000)
        # A sine of 440 Hz crosses zero 880 times a second; a click or a hole would show in the count.
        middle = samples[48000:4 * 48000]
        crossings = sum(1 for before, after in zip(middle, middle[1:]) if (before < 0) != (after < 0))
        self.assertAlmostEqual(crossings / 3, 880, delta=3)

    def test_the_image_s_health_check(self):
        check = [DEPLOY / "docker" / "twitchy-health"]
        environment = {**os.environ, "TWITCHY_ADMIN_PORT": str(admin_port), "TWITCHY_ADMIN_BIND": "0.0.0.0"}
        for path, result in [("/readyz", 0), ("/healthz", 0), ("/nowhere", 1)]:
            self.assertEqual(subprocess.run(check + [path], env=environment, capture_output=True).returncode, result, path)
        environment["TWITCHY_ADMIN_PORT"] = str(free_port())
        self.assertEqual(subprocess.run(check, env=environment, capture_output=True).returncode, 1)

    def test_prometheus_accepts_the_metrics_and_the_dashboard_shows_them(self):
        text = request(admin_port, "/metrics").body.decode()
        subprocess.run(["promtool", "check", "metrics"], input=text, text=True, check=True, capture_output=True)
        present = set(re.findall(r"^(twitchy_[a-z0-9_]+)", text, re.MULTILINE))
        for title, query in monitoring_tests.queries():
            self.assertLessEqual(monitoring_tests.names(query), present, title)

    def test_reloads_over_http2(self):
        text = playlist(http_port)
        answer = subprocess.run(
            ["curl", "--silent", "--show-error", "--http2", "--cacert", nginx.certificate, "--write-out",
             "\n%{http_version}", f"{nginx.address}{path('live.m3u8')}{ahead(text, 2)}"],
            capture_output=True, text=True, check=True)
        self.assertTrue(answer.stdout.startswith("#EXTM3U"), answer.stdout[:200])
        self.assertTrue(answer.stdout.endswith("\n2"), answer.stdout[-20:])


if __name__ == "__main__":
    unittest.main()
