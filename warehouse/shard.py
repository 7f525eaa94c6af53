"""What one run leaves on disk: files, and a manifest that tells whether they are whole."""

import hashlib
import json
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.layout import Layout

MANIFEST = "manifest.json"
RUN = "run.json"


@dataclass(frozen=True)
class Shard:
    """A complete run on disk: the SHA-256 of each of its files, and of the manifest itself."""

    directory: Path
    files: dict[str, str]
    shard_hash: str

    @property
    def run_id(self) -> str:
        """The run that the shard holds."""
        return self.directory.name


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def manifest_text(directory: Path) -> str:
    """Manifest of a directory: names and SHA-256 of every file under it, as JSON.

    Deterministic, so that its own hash identifies the content.
    """
    names = sorted(
        path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()
    )
    hashes = {name: file_hash(directory / name) for name in names if name != MANIFEST}
    return json.dumps({"files": hashes}, indent=1, sort_keys=True) + "\n"


def read_shard(directory: Path) -> Shard:
    """Shard in a directory, from its manifest alone; its files are not read.

    Raises
    ------
    WarehouseError
        If the manifest is missing or is not one.
    """
    try:
        text = (directory / MANIFEST).read_bytes()
        hashes = {str(name): str(digest) for name, digest in json.loads(text)["files"].items()}
    except FileNotFoundError as error:
        raise WarehouseError(f"run {directory.name}: {MANIFEST} is missing") from error
    except OSError as error:
        raise WarehouseError(f"run {directory.name}: {MANIFEST}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WarehouseError(f"run {directory.name}: {MANIFEST} is damaged") from error
    return Shard(directory, hashes, hashlib.sha256(text).hexdigest())


def damages(shard: Shard, *, names: Container[str] | None = None) -> list[str]:
    """Find what is wrong with the files of a shard, or with those of the given names.

    Returns
    -------
    list of str
        One line per file that is missing, unreadable or altered; empty when all are as written.
    """
    found = []
    for name, expected in shard.files.items():
        if names is not None and name not in names:
            continue
        try:
            actual = file_hash(shard.directory / name)
        except FileNotFoundError:
            found.append(f"run {shard.run_id}: {name} is missing")
        except OSError as error:
            found.append(f"run {shard.run_id}: {name}: {error.strerror}")
        else:
            if actual != expected:
                found.append(f"run {shard.run_id}: {name} is truncated or was altered")
    return found


def is_complete(layout: Layout, run_id: str) -> bool:
    """Whether the run is in ``runs/``: one rename put it there, so it is whole."""
    return (layout.run(run_id) / MANIFEST).is_file()
