"""Many listeners at once, by the program in load/listeners.c."""

import json
import pathlib
import subprocess

from server import BenchmarkError

SOURCE = pathlib.Path(__file__).resolve().parent / "load" / "listeners.c"


def build(folder):
    """Compiles the program into a folder; returns its path."""
    program = pathlib.Path(folder) / "listeners"
    subprocess.run(["cc", "-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", program, SOURCE], check=True)
    return program


class Crowd:
    """`count` listeners of a rendition of the channel demo, each from an address of its own."""

    def __init__(self, program, port, rendition, kind, count, seconds, core=None):
        pinned = [] if core is None else ["taskset", "-c", str(core)]
        self._process = subprocess.Popen(
            [*pinned, program, str(port), "demo", rendition, kind, str(count), str(seconds)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def result(self):
        """What they were answered, once they are done."""
        output, _ = self._process.communicate()
        if self._process.returncode != 0:
            raise BenchmarkError("The listeners could not listen.")
        return json.loads(output)
