"""What nginx and Varnish both have to keep to; each test class brings its own `edge`."""

import concurrent.futures
import gzip
import http.client
import json
import pathlib
import shutil
import sys
import tempfile
import time

from processes import Program, free_port, wait_until
from requests_through import at_once, counts, request, websocket_echo

HERE = pathlib.Path(__file__).parent
STREAM = "/hls/demo/s1/aac-128"
HELD_SECONDS = 0.6


class EdgeRules:
    """Two stand-ins for origins, one for everything else, and the edge in front of them."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="twitchy-edge-"))
        cls.origins = [free_port(), free_port()]
        cls.others = free_port()
        cls.programs = [cls.standin(port) for port in cls.origins + [cls.others]]
        cls.edge = cls.make_edge()

    @classmethod
    def standin(cls, port):
        program = Program([sys.executable, HERE / "standin_origin.py", port, port, HELD_SECONDS], cls.folder / f"{port}.log")
        return program.wait_for_port(port)

    @classmethod
    def tearDownClass(cls):
        for program in [cls.edge] + cls.programs:
            program.stop()
        shutil.rmtree(cls.folder)

    def ask(self, target, **options):
        return request(self.edge.port, target, context=self.edge.context, **options)

    def asked(self, target):
        """How often the origins were asked for it."""
        return sum(counts(port).get(target, 0) for port in self.origins)

    def asked_for(self, beginning):
        """Everything that the origins were asked for and that begins so."""
        return {
            target: count for port in self.origins for target, count in counts(port).items()
            if target.startswith(beginning)}

    def test_media_comes_from_the_cache_the_second_time(self):
        target = f"{STREAM}/1-7.m4s"
        first, second = self.ask(target), self.ask(target + "?token=1")
        self.assertEqual([first.status, second.status], [200, 200])
        self.assertEqual([first.fields["x-cache-status"], second.fields["x-cache-status"]], ["MISS", "HIT"])
        self.assertEqual(first.body, second.body)
        self.assertEqual(self.asked(target), 1)
        self.assertIn("immutable", second.fields["cache-control"])
        self.assertEqual(second.fields["access-control-allow-origin"], "*")
        self.assertIn("Age", second.fields["access-control-expose-headers"])

    def test_a_segment_is_fetched_once_for_all_that_want_it(self):
        target = f"{STREAM}/hinted-8.m4s"
        answers = at_once(15, lambda _: self.ask(target))
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(self.asked(target), 1)

    def test_ranges_are_cut_from_the_cached_whole(self):
        target = f"{STREAM}/1-9.m4s"
        whole = self.ask(target)
        middle = self.ask(target, fields={"Range": "bytes=100-199"})
        end = self.ask(target, fields={"Range": "bytes=-10"})
        beyond = self.ask(target, fields={"Range": "bytes=999999-"})
        self.assertEqual((middle.status, middle.body), (206, whole.body[100:200]))
        self.assertEqual(middle.fields["content-range"], f"bytes 100-199/{len(whole.body)}")
        self.assertEqual((end.status, end.body), (206, whole.body[-10:]))
        self.assertEqual(beyond.status, 416)
        self.assertEqual(self.asked(target), 1)

    def test_head_has_the_fields_of_get_and_no_body(self):
        target = f"{STREAM}/1-10.m4s"
        head = self.ask(target, method="HEAD")
        whole = self.ask(target)
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.fields["content-length"], str(len(whole.body)))
        self.assertEqual(self.asked(target), 1)

    def test_an_entity_tag_is_answered_without_the_origin(self):
        target = f"{STREAM}/1-11.m4s"
        tag = self.ask(target).fields["etag"]
        again = self.ask(target, fields={"If-None-Match": tag})
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(self.asked(target), 1)

    def test_a_plain_playlist_is_never_older_than_its_lifetime(self):
        target = f"{STREAM.replace('s1', 'age')}/live.m3u8"
        seen = {}
        start = time.monotonic()
        while time.monotonic() < start + 2.5:
            answer = self.ask(target)
            self.assertEqual(answer.status, 200)
            number = answer.body.split()[-1]
            seen.setdefault(number, []).append(answer.time)
            time.sleep(0.05)
        # max-age is one second; caches count in whole ones, and the request itself takes its time.
        for number, times in seen.items():
            self.assertLess(times[-1] - times[0], 2.2, f"version {number}")
        self.assertGreaterEqual(len(seen), 2)
        self.assertLessEqual(self.asked(target), 6)
        # Nor is an old one given out while a new one is being fetched.
        before = self.ask(target).body
        time.sleep(2.2)
        self.assertNotEqual(self.ask(target).body, before)

    def test_variants_of_a_playlist_are_two(self):
        path = f"{STREAM}/rewind.m3u8"
        browsers = ["gzip", "gzip, deflate, br", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.5"]
        for browser in browsers:
            answer = self.ask(path, fields={"Accept-Encoding": browser})
            self.assertEqual(answer.fields.get("content-encoding"), "gzip", browser)
            self.assertIn(b"#EXTM3U", gzip.decompress(answer.body))
        for other in ["identity", "br", "gzip;q=0"]:
            answer = self.ask(path, fields={"Accept-Encoding": other})
            self.assertNotIn("content-encoding", answer.fields, other)
            self.assertIn(b"#EXTM3U", answer.body)
            self.assertIn("Accept-Encoding", answer.fields["vary"])
        self.assertLessEqual(self.asked(path), 4)

    def test_directives_have_one_spelling_and_other_parameters_are_none(self):
        path = f"{STREAM}/live.m3u8"
        spellings = [
            "_HLS_msn=21&_HLS_part=3&_HLS_skip=YES", "_HLS_part=3&_HLS_skip=YES&_HLS_msn=21",
            "token=a%20b&_HLS_msn=0021&_HLS_part=03&_HLS_skip=YES&x=1", "_HLS_skip=YES&_HLS_msn=21&_HLS_part=3&_HLS_msn=9",
            "my_HLS_msn=4&_HLS_msn=21&_HLS_part=3&_HLS_skip=YES"]
        bodies = {self.ask(f"{path}?{spelling}").body for spelling in spellings}
        self.assertEqual(bodies, {f"#EXTM3U\n#held {path}?{spellings[0]}\n".encode()})
        self.assertEqual(self.asked_for(f"{path}?_HLS_msn=21"), {f"{path}?{spellings[0]}": 1})
        # Each of these is another answer.
        for query in ["_HLS_msn=21", "_HLS_msn=21&_HLS_part=3", "_HLS_msn=21&_HLS_part=3&_HLS_skip=v2"]:
            self.assertEqual(self.ask(f"{path}?{query}").body, f"#EXTM3U\n#held {path}?{query}\n".encode())
        self.assertEqual(self.ask(f"{path}?_HLS_msn=1x").status, 400)
        self.assertEqual(self.ask(f"{path}?_HLS_msn=0").status, 200)

    def test_an_answered_reload_is_kept(self):
        target = f"{STREAM}/live.m3u8?_HLS_msn=22&_HLS_part=1"
        first, second = self.ask(target), self.ask(target)
        self.assertEqual(second.fields["x-cache-status"], "HIT")
        self.assertEqual(first.body, second.body)
        self.assertEqual(self.asked(target), 1)

    def test_errors_live_as_long_as_the_origin_says(self):
        missing, unready = f"{STREAM}/missing.m4s", f"{STREAM}/unready.m4s"
        for _ in range(3):
            answer = self.ask(missing)
            self.assertEqual((answer.status, answer.fields["access-control-allow-origin"]), (404, "*"))
        # Twice, if the second is over meanwhile; each time at both origins.
        self.assertLessEqual(self.asked(missing), 4)
        for _ in range(3):
            answer = self.ask(unready)
            self.assertEqual((answer.status, answer.fields["retry-after"]), (503, "1"))
        self.assertEqual(self.asked(unready), 3)
        # Neither origin is out of rotation for it.
        self.assertEqual(self.ask(f"{STREAM}/1-12.m4s").status, 200)

    def test_what_one_origin_does_not_have_yet_comes_from_the_other(self):
        """Origins are behind one another by moments: what one has listed, the other may not know."""
        for port in self.origins:
            for number in range(4):
                folder = f"/hls/c{number}/only-{port}/aac-128"
                for name in [
                    "master.m3u8", "live.m3u8", "live.m3u8?_HLS_msn=7&_HLS_part=1", "init-1.mp4", "1-7.m4s", "1-7.3.m4s"]:
                    self.assertEqual(self.ask(f"{folder}/{name}").status, 200, name)
        # Neither origin is out of rotation for it.
        for number in range(8):
            self.ask(f"/hls/c{number}/s1/aac-128/1-30.m4s")
        self.assertTrue(all(any("1-30.m4s" in target for target in counts(port)) for port in self.origins))

    def test_an_origin_that_is_cut_off_is_passed_over(self):
        """Listeners would be given an old playlist and a new one in turns."""
        names = ["master.m3u8", "live.m3u8", "live.m3u8?_HLS_msn=7&_HLS_part=1", "1-7.3.m4s"]
        for port in self.origins:
            for number in range(4):
                for name in names:
                    answer = self.ask(f"/hls/c{number}/cut-off/fresh-{port}/{name}")
                    self.assertEqual((answer.status, answer.fields["origin-name"]), (200, str(port)), name)
        # All of them are: what they have is what there is. What a client says of other origins does not count.
        for number in range(4):
            for name in names:
                for fields in [{}, {"Twitchy-Other-Origins": "yes"}]:
                    answer = self.ask(f"/hls/c{number}/cut-off/none-{len(fields)}/{name}", fields=fields)
                    self.assertEqual(answer.status, 200, name)
        # Neither is out of rotation for it.
        for number in range(8):
            self.ask(f"/hls/c{number}/s1/aac-128/1-31.m4s")
        self.assertTrue(all(any("1-31.m4s" in target for target in counts(port)) for port in self.origins))

    def test_rest_is_never_cached_and_learns_the_clients_address(self):
        forged = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.10"}
        answers = [self.ask("/api/v1/channels", fields=forged) for _ in range(2)]
        first, second = [json.loads(answer.body) for answer in answers]
        self.assertEqual(second["count"], first["count"] + 1)
        # The last address is the one that the edge saw itself.
        self.assertEqual(first["fields"]["x-forwarded-for"].split(", ")[-1], "127.0.0.1")
        self.assertFalse(first["fields"].get("forwarded"))

    def test_preflight_requests_reach_the_origin(self):
        answer = self.ask(f"{STREAM}/live.m3u8", method="OPTIONS", fields={"Origin": "https://a.example"})
        self.assertEqual(answer.status, 204)
        self.assertIn("GET", answer.fields["access-control-allow-methods"])

    def test_websockets_reach_chat_and_push(self):
        for path in ["/chat/demo", "/push/demo"]:
            head, echo = websocket_echo(self.edge.port, path, self.edge.context)
            self.assertTrue(head.startswith("HTTP/1.1 101"), head)
            self.assertEqual(echo, b"hello")

    def test_a_push_is_passed_on_as_it_comes(self):
        def pieces():
            for _ in range(3):
                yield b"x" * 1000
                time.sleep(0.4)

        if self.edge.context:
            connection = http.client.HTTPSConnection("127.0.0.1", self.edge.port, timeout=30, context=self.edge.context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.edge.port, timeout=30)
        connection.request("PUT", "/push/demo", body=pieces(), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        self.assertGreater(json.loads(response.read())["spread"], 0.6)
        connection.close()

    def test_listeners_do_not_notice_that_an_origin_is_killed(self):
        """Segments, plain playlists and held ones, before, during and after; then the origin comes back."""
        ends = time.monotonic() + 3
        killed = self.programs[0]

        def listener(index):
            statuses, number = [], 0
            while time.monotonic() < ends:
                number += 1
                target = [
                    f"/hls/k{index}/s1/aac-128/{number}.m4s", f"/hls/k{index}/s1/aac-128/live.m3u8",
                    f"/hls/k{index}/s1/aac-128/live.m3u8?_HLS_msn={number}"][number % 3]
                statuses.append(self.ask(target).status)
                time.sleep(0.02)
            return statuses

        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            listeners = [pool.submit(listener, index) for index in range(10)]
            time.sleep(1)
            killed.kill()
            statuses = [status for each in listeners for status in each.result()]
        self.assertEqual(set(statuses), {200})
        self.assertGreater(len(statuses), 50)
        # What the one that is left has is better than nothing, though it is cut off.
        for number in range(8):
            self.assertEqual(self.ask(f"/hls/alone{number}/cut-off/s1/live.m3u8").status, 200)
        type(self).programs[0] = self.standin(self.origins[0])
        # It gets requests again.
        def served():
            for index in range(12):
                self.ask(f"/hls/back{index}/s1/aac-128/{time.monotonic()}.m4s")
            return any(target.startswith("/hls/back") for target in counts(self.origins[0]))

        wait_until(served, "requests at the origin that came back")
