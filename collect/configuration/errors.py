"""One line for a study file that does not fit: the key, the reason, the nearest known key."""

from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails


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
    reason = _reason(first, key, model)
    return reason if reason.startswith(key) or not key else f"{key}: {reason}"


def _is_key(part: int | str) -> bool:
    """Whether part of a location is a key or position, not the type that pydantic tried."""
    return isinstance(part, int) or part.isidentifier()


def _reason(problem: ErrorDetails, key: str, model: type[BaseModel]) -> str:
    message = problem["msg"]
    if problem["type"] == "extra_forbidden":
        known = sorted(_section(model, problem["loc"][:-1]).model_fields)
        near = get_close_matches(key.rpartition(".")[2], known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        return f"unknown key; {hint}"
    if problem["type"] == "missing":
        return "is missing"
    if problem["type"] == "value_error":
        return message.removeprefix("Value error, ")
    wish = message.removeprefix("Input ").replace("should be", "must be")
    return f"{problem['input']!r}: {wish}"


def _section(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    """Model of the table at a location; positions in lists change nothing."""
    for part in location:
        field = model.model_fields.get(str(part))
        annotation = field.annotation if field else None
        for inner in (annotation, *get_args(annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                model = inner
    return model
