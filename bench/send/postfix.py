"""Postfix's own tools and a private Postfix: what a courier is measured against, and what takes its mail."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from bench.scratch import Scratch, free_port, listening, until
from tocsin.lib.errors import BadEnvironment

MEMORY = Path("/dev/shm")  # noqa: S108 - the issue wants the queue there; the folder made in it is private
SOURCE_SECONDS = 600

MAIN = """compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
mail_owner = postfix
setgid_group = postdrop
maillog_file =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example.org
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
default_transport = discard:
relay_transport = discard:
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_client_message_rate_limit = 0
smtputf8_enable = no
syslog_name = tocsin-bench
"""
MASTER = """{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
"""


def tool(name: str) -> str:
    """The path of one of Postfix's programs. Raises BadEnvironment."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/postfix/sbin")
    if found is None:
        raise BadEnvironment(f"{name} is missing.", "On Debian: apt-get install postfix")
    return found


def start_sink(scratch: Scratch) -> int:
    """Start `smtp-sink`; its port."""
    port = free_port()
    # It insists on -u when it is started as root, so it is not.
    scratch.start([tool("smtp-sink"), f"127.0.0.1:{port}", "1000"], log="smtp-sink.log", cwd="/", **_nobody())
    until(lambda: listening(port), "smtp-sink starts", 10)
    return port


def source_rate(scratch: Scratch, port: int, messages: int, connections: int, *what: str) -> float:
    """Messages a second that `smtp-source -d -s CONNECTIONS` hands over. `what`: -l SIZE or -F FILE."""
    command = [tool("smtp-source"), "-d", "-s", str(connections), "-m", str(messages), *what]
    command += ["-f", "news@example.org", "-t", "reader@example.org", f"127.0.0.1:{port}"]
    begun = time.monotonic()
    process = scratch.start(command, log="smtp-source.log")
    if process.wait(SOURCE_SECONDS):
        raise BadEnvironment("smtp-source failed.", scratch.log("smtp-source.log").read_text(encoding="utf-8")[-500:])
    return messages / (time.monotonic() - begun)


def start_postfix(scratch: Scratch) -> int:
    """Start a Postfix of our own, its queue in memory, every recipient discarded; its port. Raises BadEnvironment."""
    require_root()
    port = free_port()
    settings = _configure(scratch, port)
    command = [tool("postfix"), "-c", str(settings), "start"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, umask=0o022)  # ours keeps its users out
    scratch.callback(_stop_postfix, settings)
    if done.returncode:
        raise BadEnvironment("Postfix did not start.", done.stderr[-500:])
    until(lambda: listening(port), "Postfix starts", 20)
    return port


def require_root() -> None:
    """Raise BadEnvironment when this process may not start a Postfix."""
    if os.getuid() != 0:
        raise BadEnvironment(
            "Postfix can only be started by root.", "Run it as root, or name the other figures with --only."
        )


def _configure(scratch: Scratch, port: int) -> Path:
    home = Path(tempfile.mkdtemp(prefix="tocsin-bench-", dir=MEMORY))
    scratch.callback(partial(shutil.rmtree, home, ignore_errors=True))
    settings, queue, data = home / "etc", home / "queue", home / "data"
    for folder in (settings, queue, data):
        folder.mkdir()
    for folder in (home, settings, queue, data):
        folder.chmod(0o755)
    owner = pwd.getpwnam("postfix")
    os.chown(data, owner.pw_uid, owner.pw_gid)
    (settings / "main.cf").write_text(MAIN.format(queue=queue, data=data), encoding="ascii")
    (settings / "master.cf").write_text(MASTER.format(port=port), encoding="ascii")
    for path in settings.iterdir():
        path.chmod(0o644)
    return settings


def _stop_postfix(settings: Path) -> None:
    subprocess.run([tool("postfix"), "-c", settings, "stop"], capture_output=True, check=False, timeout=30)


def _nobody() -> dict[str, Any]:
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def with_bare_lines(message: bytes) -> bytes:
    """A message as `smtp-source -F` wants it: lines end with LF, and it doubles leading dots itself."""
    return re.sub(rb"(?m)^\.\.", b".", message.replace(b"\r\n", b"\n"))
