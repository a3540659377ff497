"""How much memory processes take."""

from pathlib import Path

from tocsin.lib.errors import BadEnvironment


def share(pid: int) -> float:
    """Megabytes of memory that are a process' own share (proc_pid_smaps(5), Pss). Raises FileNotFoundError, ProcessLookupError."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise BadEnvironment("This kernel does not tell a process' share of memory.", "Use Linux 4.14 or newer.")


def share_with_children(pid: int) -> float:
    """The same with those of the processes it started (proc_pid_task(5), children); 0 if it is over."""
    total = 0.0
    try:
        total = share(pid)
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
            total += share(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return total
