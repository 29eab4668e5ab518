"""Varnish in front of stand-ins for origins, and nginx in front of Varnish."""

import time
import unittest

from edge_rules import HELD_SECONDS, STREAM, EdgeRules
from edges import Nginx, Varnish
from requests_through import at_once, request


class VarnishRules(EdgeRules, unittest.TestCase):
    @classmethod
    def make_edge(cls):
        return Varnish(cls.folder / "varnish", cls.origins, cls.others)

    def check_held(self, target, ask):
        start = time.monotonic()
        answers = at_once(20, ask)
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(self.asked(target), 1)
        self.assertLess(max(answer.time for answer in answers) - start - HELD_SECONDS, 2)

    def test_held_requests_are_one_and_answered_when_the_origin_answers(self):
        target = f"{STREAM}/live.m3u8?_HLS_msn=31&_HLS_part=1"
        self.check_held(target, lambda index: self.ask(f"{target}&listener={index}"))

    def test_a_503_does_not_stop_requests_from_being_one(self):
        """Varnish's built-in rule would let every request for the address through for two minutes."""
        target = f"{STREAM}/late.m4s"
        self.assertEqual(self.ask(target).status, 503)
        time.sleep(1.3)
        self.assertEqual({answer.status for answer in at_once(10, lambda _: self.ask(target))}, {200})
        self.assertEqual(self.asked(target), 2)

    def test_behind_nginx_held_requests_are_one_too(self):
        edge = Nginx(self.folder / "nginx", [self.edge.port], self.others)
        try:
            target = f"{STREAM}/live.m3u8?_HLS_msn=32&_HLS_part=1"
            self.check_held(target, lambda _: request(edge.port, target, context=edge.context))
        finally:
            edge.stop()

    def test_a_cached_copy_says_its_age(self):
        target = f"{STREAM}/1-13.m4s"
        self.ask(target)
        time.sleep(1.1)
        self.assertGreaterEqual(int(self.ask(target).fields["age"]), 1)


if __name__ == "__main__":
    unittest.main()
