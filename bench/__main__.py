"""`python -m bench [module ...]`: run the benchmarks and print one table of ratios.

A module is a file beside this one with a function ``rows()`` that yields lines with the fields
``what``, ``against``, ``ratio`` and ``goal`` (``<= 0.7`` or ``>= 20``).
"""

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import sys
from pathlib import Path

MODULES = ("measures", "warehouse", "analysis", "collect", "reports")


def main(asked: list[str]) -> int:
    """Run the modules and return 1 if a goal was missed."""
    found = [name for name in asked or MODULES if importlib.util.find_spec(f"bench.{name}")]
    print("| work | against | ratio | goal | met |")
    print("|---|---|---:|---|---|")
    n_missed = 0
    for name in found:
        for line in importlib.import_module(f"bench.{name}").rows():
            met = is_met(line.ratio, line.goal)
            n_missed += not met
            cells = (
                line.what,
                line.against,
                f"{line.ratio:.3g}",
                line.goal,
                "yes" if met else "no",
            )
            print(f"| {' | '.join(cells)} |", flush=True)
    print(f"\n{machine()}")
    return 1 if n_missed else 0


def is_met(ratio: float, goal: str) -> bool:
    """Whether a ratio meets a goal like ``<= 0.7``."""
    sign, bound = goal.split()
    return ratio <= float(bound) if sign == "<=" else ratio >= float(bound)


def machine() -> str:
    """Describe what the numbers were measured on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [
            line.split(":", 1)[1].strip()
            for line in info.read_text().splitlines()
            if line.startswith("model name")
        ]
        cpu = names[0] if names else cpu
    packages = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("torch", "numpy", "duckdb")
        if importlib.util.find_spec(name)
    )
    return (
        f"{cpu}, {os.cpu_count()} cores, {os.environ.get('OMP_NUM_THREADS', 'default')} threads, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {packages}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
