"""One line for a study file that does not fit: the key, the reason, the nearest known key."""

from difflib import get_close_matches

from pydantic import BaseModel, ValidationError


def one_line(error: ValidationError, model: type[BaseModel]) -> str:
    """Describe the most telling problem that pydantic found.

    Parameters
    ----------
    error : ValidationError
        What validation of a study file raised.
    model : type of BaseModel
        Model that was validated; its fields are the known keys.

    Returns
    -------
    str
        ``training.epocs: unknown key; did you mean epochs?``
    """
    # A misspelt key is also a missing one: say the former. Of a choice between a word and a list,
    # say what is wrong with the alternative that came nearest, the one reported deepest.
    problems = sorted(
        error.errors(include_url=False),
        key=lambda problem: (problem["type"] != "extra_forbidden", -len(problem["loc"])),
    )
    first = problems[0]
    key = ".".join(str(part) for part in first["loc"] if _is_key(part))
    reason = _reason(first["type"], first["msg"], first["input"], key, model)
    return reason if reason.startswith(key) or not key else f"{key}: {reason}"


def _is_key(part: int | str) -> bool:
    """Whether part of a location is a key or position, not the type that pydantic tried."""
    return isinstance(part, int) or part.isidentifier()


def _reason(kind: str, message: str, given: object, key: str, model: type[BaseModel]) -> str:
    if kind == "extra_forbidden":
        near = get_close_matches(key.rpartition(".")[2], sorted(_known_keys(model)), n=1)
        return "unknown key" + (f"; did you mean {near[0]}?" if near else "")
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    wish = message.removeprefix("Input ").replace("should be", "must be")
    return f"{given!r}: {wish}"


def _known_keys(model: type[BaseModel]) -> set[str]:
    """Keys of a model and of the models inside it."""
    keys: set[str] = set()
    for name, field in model.model_fields.items():
        keys.add(name)
        inner = [field.annotation, *getattr(field.annotation, "__args__", ())]
        for annotation in inner:
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                keys |= _known_keys(annotation)
    return keys
