"""What code, packages and machine made a run."""

import hashlib
import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

PACKAGES = (
    "torch",
    "torchvision",
    "timm",
    "numpy",
    "scikit-learn",
    "pillow",
    "safetensors",
    "polars",
)
COLLECT = Path(__file__).parents[1]
PROJECT = COLLECT.parent


@cache
def code_version() -> tuple[str, bool | None]:
    """Version of repdrift with the git commit where there is one, and whether it has changes.

    Returns
    -------
    tuple of str and bool or None
        Such as ``("0.1.0+1c6de17", False)``; None when the code is not in a git checkout.
    """
    try:
        number = version("repdrift")
    except PackageNotFoundError:
        number = "unknown"
    commit = _git("rev-parse", "--short=12", "HEAD") if (PROJECT / ".git").exists() else None
    if commit is None:
        return number, None
    return f"{number}+{commit}", bool(_git("status", "--porcelain", "--", "*.py", "*.sql"))


@cache
def code_hash() -> str:
    """SHA-256 of the Python files of ``collect``: the code on which the bits of a run depend."""
    digest = hashlib.sha256()
    for path in sorted(COLLECT.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that compute."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def run_device() -> torch.device:
    """Device that runs use: the first CUDA device that is visible, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def described_device(device: torch.device) -> str:
    """Device in words; on the CPU with the number of threads, on which the last bits depend."""
    if device.type == "cuda":
        return f"cuda: {torch.cuda.get_device_name(device)}"
    return f"cpu: {platform.machine()}, {torch.get_num_threads()} thread(s)"


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
