"""A Slurm cluster of one node on the loopback interface, for as long as a block lasts."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel")
# cred_expire is also how long a job that was put back into the queue waits, by default 120 s.
SETTINGS = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/d.pid
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/d.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SchedulerType=sched/backfill
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
KillWait=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=4000 State=UNKNOWN
PartitionName=tests Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str:
    """Say why there can be no cluster here; empty if there can."""
    missing = [name for name in PROGRAMS if _program(name) is None]
    if missing:
        return f"needs slurm-wlm: no {missing[0]}"
    return "" if os.geteuid() == 0 else "Slurm's daemons need root"


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Start munge and Slurm in a folder, name them in the environment, and end them afterwards."""
    host = socket.gethostname().split(".")[0]
    for name in ("state", "spool"):
        (folder / name).mkdir()
    folder.chmod(0o755)
    settings = folder / "slurm.conf"
    settings.write_text(SETTINGS.format(host=host, folder=folder, ports=_free_ports()))
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(settings)
    munge = [
        f"--socket={folder}/munge.sock",
        f"--key-file={key}",
        f"--log-file={folder}/munge.log",
        f"--pid-file={folder}/munge.pid",
        f"--seed-file={folder}/munge.seed",
    ]
    daemons = []
    try:
        daemons.append(_started("munged", "--foreground", "--force", *munge))
        _until(lambda: (folder / "munge.sock").exists())
        daemons.append(_started("slurmctld", "-D", "-f", str(settings)))
        daemons.append(_started("slurmd", "-D", "-f", str(settings), "-N", host))
        _until(lambda: "idle" in _output("sinfo", "--noheader", "--format=%T"))
        yield
    finally:
        _output("scancel", "--partition=tests")
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait()
        os.environ.pop("SLURM_CONF")
        if before is not None:
            os.environ["SLURM_CONF"] = before


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def _started(name: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [_program(name) or name, *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout


def _until(condition, patience_s: float = 30.0) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("Slurm did not start")
        time.sleep(0.1)


def _free_ports() -> tuple[int, int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = tuple(one.getsockname()[1] for one in sockets)
    for one in sockets:
        one.close()
    return ports[0], ports[1]
