"""Detects what leaves for the real AWS: a proxy that records, and a person whose every setting leads there."""

import os
import shutil
import socketserver
import threading
from pathlib import Path
from types import TracebackType

from localcloud.clients.environment import misleading

PROFILE = "production"
_HOST = "http://elsewhere.invalid"
"""A name that cannot exist (RFC 2606): a request to it goes to the proxy, or fails."""
_SERVICES = (
    "CLOUDFORMATION CLOUDWATCH CLOUDWATCH_LOGS EC2 EVENTBRIDGE IAM KMS LAMBDA RDS S3 "
    "SCHEDULER SECRETS_MANAGER SFN SNS SQS STS"
)
_CONFIG = f"""\
[default]
region = us-east-1
ignore_configured_endpoint_urls = true
endpoint_url = {_HOST}
services = elsewhere

[profile {PROFILE}]
region = us-east-1
services = elsewhere

[services elsewhere]
"""
_CREDENTIALS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = EXAMPLEKEY\n"


class Proxy:
    """A proxy that refuses everything and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Refusal(socketserver.StreamRequestHandler):
            timeout = 5

            def handle(self) -> None:
                asked.append(self.rfile.readline().decode("latin-1").strip())
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusal)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """For HTTPS_PROXY and its kin."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Proxy":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def person(home: Path, proxy: Proxy) -> dict[str, str]:
    """The environment of someone who works with an account all day, and has configured its endpoints everywhere.

    Args:
        home: an empty folder, which becomes the home.
        proxy: the only way out, also for loopback.
    """
    services = _SERVICES.split()
    (home / ".aws").mkdir()
    sections = "".join(f"{service.lower()} =\n  endpoint_url = {_HOST}\n" for service in services)
    (home / ".aws" / "config").write_text(_CONFIG + sections)
    (home / ".aws" / "credentials").write_text(f"[default]\n{_CREDENTIALS}\n[{PROFILE}]\n{_CREDENTIALS}")
    (home / ".my.cnf").write_text("[client]\nhost = elsewhere.invalid\nuser = admin\npassword = real\n")
    # Keeps the SAM CLI from its weekly question to the package index, which is no part of AWS.
    (home / ".aws-sam").mkdir()
    (home / ".aws-sam" / "metadata.json").write_text('{"lastVersionCheck": 9999999999.0, "telemetryEnabled": true}')
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), proxy.url)
    # Variables that this process has because it is isolated itself would hide the person's.
    base = {
        name: value
        for name, value in os.environ.items()
        if name not in misleading(os.environ) and name.upper() != "NO_PROXY"
    }
    return {
        **base,
        **proxies,
        **{name.lower(): url for name, url in proxies.items()},
        **{f"AWS_ENDPOINT_URL_{service}": _HOST for service in services},
        "AWS_ENDPOINT_URL": _HOST,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_PROFILE": PROFILE,
        "AWS_SESSION_TOKEN": "real",
        "AWS_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "HOME": str(home),
    }


def programs(name: str) -> list[str]:
    """Every program of that name on the PATH; people have several versions of aws."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    found = (shutil.which(name, path=folder) for folder in folders)
    # /bin may be /usr/bin.
    return list({Path(program).resolve(): program for program in found if program}.values())
