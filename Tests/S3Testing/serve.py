"""An S3 service for tests: moto's server on a free port of loopback, with nothing in it.

Prints the port as its first line. It ends when standard input does, and when its parent is gone, so that it never
outlives the tests, however they end.
"""

import os
import sys
import threading
import time

from moto.server import ThreadedMotoServer


def end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def main() -> None:
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    # Its log would go to the tests' standard error, a line a request.
    sys.stderr = open(os.devnull, "w")
    server.start()
    print(server.get_host_and_port()[1], flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
