"""nginx and Varnish with the configuration of this folder; only addresses and paths are those of the test."""

import os
import pathlib
import re
import shutil
import ssl
import subprocess

from processes import DEPLOY, Program, free_port


def replaced(text, changes):
    """Each pattern must be there, or the test would run something else than what is shipped."""
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text)
        if count == 0:
            raise AssertionError(f"{pattern} is not in the configuration any more")
    return text


class Nginx:
    """TLS and HTTP/2 on `port`, plain HTTP on `plain_port`."""

    def __init__(self, folder, origins, others, push=None, changes_to_hls=(), changes_to_rules=(),
                 upstreams="upstreams-compose.conf"):
        folder = pathlib.Path(folder)
        self.port, self.plain_port, self.folder = free_port(), free_port(), folder
        parts = folder / "twitchy"
        parts.mkdir(parents=True)
        self.certificate = folder / "tls.crt"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
             folder / "tls.key", "-out", self.certificate], check=True, capture_output=True)
        shutil.copy("/etc/nginx/mime.types", folder / "mime.types")
        source = DEPLOY / "nginx"
        for name in ("proxy.conf", "forwarded.conf", "own-answer.conf"):
            shutil.copy(source / name, parts / name)
        (parts / "hls.conf").write_text(replaced((source / "hls.conf").read_text(), changes_to_hls))
        (parts / "twitchy.conf").write_text(replaced((source / "twitchy.conf").read_text(), [
            ("/var/cache/nginx/twitchy", str(folder / "cache")),
            ("access_log /dev/stdout twitchy buffer=32k flush=1s", f"access_log {folder}/access.log twitchy"),
            *changes_to_rules]))
        (folder / "nginx.conf").write_text(replaced((source / "nginx.conf").read_text(), [
            ("/run/nginx.pid", f"{folder}/nginx.pid"), ("/dev/stderr", f"{folder}/error.log")]))
        (parts / "listen.conf").write_text(replaced((source / "listen-compose.conf").read_text(), [
            (r"listen 8443", f"listen 127.0.0.1:{self.port}"), (r"listen \[::\]:8443[^;]*;", ""),
            ("/run/secrets/", f"{folder}/")]))
        (parts / "redirect.conf").write_text(replaced((source / "redirect-compose.conf").read_text(), [
            (r"listen 8080", f"listen 127.0.0.1:{self.plain_port}"), (r"listen \[::\]:8080[^;]*;", "")]))
        (parts / "upstreams.conf").write_text(replaced((source / upstreams).read_text(), [
            ("origin-1:8080", f"127.0.0.1:{origins[0]}"),
            (r"server origin-2:8080 [^;]*;", f"server 127.0.0.1:{origins[1]} max_fails=1 fail_timeout=2s;"
             if len(origins) > 1 else ""),
            ("(accounts|web):8080", f"127.0.0.1:{others}"), ("ingest:8000", f"127.0.0.1:{push or others}")]))
        user = "user root; " if os.geteuid() == 0 else ""
        self.program = Program(
            ["nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log", "-g",
             f"daemon off; {user}"], folder / "nginx.log")
        self.program.wait_for_port(self.port)
        self.context = ssl.create_default_context(cafile=self.certificate)
        self.address = f"https://127.0.0.1:{self.port}"

    def stop(self):
        self.program.stop()


class Varnish:
    """Plain HTTP on `port`."""

    def __init__(self, folder, origins, others, probes=True):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True)
        self.port = free_port()
        shutil.copy(DEPLOY / "varnish" / "default.vcl", folder / "default.vcl")
        changes = [('"8081"', f'"{origins[0]}"'), ('"8082"', f'"{origins[-1]}"'), ('"8080"', f'"{others}"')]
        if not probes:
            changes.append((r"\.interval = 1s", ".interval = 600s"))
        (folder / "backends.vcl").write_text(replaced((DEPLOY / "varnish" / "backends.vcl").read_text(), changes))
        self.program = Program(
            ["varnishd", "-F", "-j", "none", "-n", folder / "work", "-f", folder / "default.vcl", "-a",
             f"127.0.0.1:{self.port}", "-s", "malloc,64m", "-T", "none", "-p", f"vcl_path={folder}", "-p",
             "thread_pool_min=50"], folder / "varnish.log")
        self.program.wait_for_port(self.port)
        self.context = None
        self.address = f"http://127.0.0.1:{self.port}"

    def stop(self):
        self.program.stop()
