"""Files of weights: reading them without executing anything, their hash, and the model hub."""

import hashlib
import logging
import os
import pickle
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from warehouse.errors import CollectError

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")
WRAPPERS = ("state_dict", "model", "model_state_dict", "teacher")
HUB_FILES = ("model.safetensors", "pytorch_model.bin")


def file_hash(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Tensors of a file by key.

    Parameters
    ----------
    path : Path
        ``.safetensors``, or ``.pt``/``.pth``/``.bin`` holding tensors only. A state dict wrapped
        under ``state_dict``, ``model``, ``model_state_dict`` or ``teacher`` is unwrapped.

    Returns
    -------
    dict of str to Tensor
        On the CPU, as stored.

    Raises
    ------
    CollectError
        If the file is missing, damaged, or holds anything but tensors.
    """
    if not path.is_file():
        raise CollectError(f"{path}: no such file of weights")
    content = _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)
    for wrapper in WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        raise CollectError(f"{path}: not a state dict: expected tensors by name")
    return content


def _safetensors(path: Path) -> object:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise CollectError(f"{path}: not a readable safetensors file: {error}") from error


def _pickled(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CollectError(
            f"{path}: holds more than tensors, and loading it could execute code; "
            "save the state dict alone, or as safetensors"
        ) from error
    except (RuntimeError, EOFError, OSError) as error:
        raise CollectError(f"{path}: not a readable PyTorch file") from error


def hub_file(repository: str, names: Sequence[str] = HUB_FILES) -> Path:
    """File of weights of a repository on the model hub, from the local cache or downloaded.

    Parameters
    ----------
    repository : str
        Such as ``timm/resnet50.a1_in1k``.
    names : sequence of str
        Names that the file may have, best first.

    Returns
    -------
    Path
        In the hub's cache.

    Raises
    ------
    CollectError
        If it is neither cached nor reachable; ``HF_HUB_OFFLINE=1`` forbids reaching out.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.constants import HF_HUB_CACHE
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    for name in names:
        cached = try_to_load_from_cache(repository, name)
        if isinstance(cached, str):
            return Path(cached)
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # it tells of every retry
    for name in names:
        try:
            return Path(hf_hub_download(repository, name))
        except LocalEntryNotFoundError:
            break
        except EntryNotFoundError:
            continue
        except OSError:
            break
    reason = "HF_HUB_OFFLINE is set" if os.environ.get("HF_HUB_OFFLINE") == "1" else "no network"
    raise CollectError(
        f"{repository}: weights not at hand ({reason}); on a machine with a network run "
        f"`hf download {repository} {names[0]}` and copy its folder to {HF_HUB_CACHE}, or name a "
        "local file as pretraining"
    )


def kept_file(name: str, source: str) -> Path:
    """File of weights that the user has put into the folder for weights.

    The folder is ``REPDRIFT_WEIGHTS``, or ``~/.cache/repdrift``.

    Raises
    ------
    CollectError
        If it is not there; the message says where to get it and where to put it.
    """
    folder = Path(os.environ.get("REPDRIFT_WEIGHTS") or Path.home() / ".cache" / "repdrift")
    path = folder / name
    if not path.is_file():
        raise CollectError(
            f"{name}: weights not at hand; get {source}{name} and put it into {folder}"
        )
    return path
