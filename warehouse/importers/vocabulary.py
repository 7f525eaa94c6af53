"""Refuses words and folds that the warehouse would not take, before a run is written."""

import polars as pl

from warehouse.errors import WarehouseError
from warehouse.tables import table

ADAPTATIONS = (
    "none",
    "full",
    "linear",
    "scratch",
    "head_then_full",
    "freeze_first_k",
    "keep_first_k",
    "keep_first_k_frozen",
)


def require_known_words(rows: pl.DataFrame, name: str, where: str) -> None:
    """Refuse a word in a column that takes a few words only (``split``, ``task`` ...).

    Parameters
    ----------
    rows : polars.DataFrame
        Of the table of that name.
    name : str
        Name of the table with its schema.
    where : str
        What the message begins with.

    Raises
    ------
    WarehouseError
        With the first such word and those that the column takes.
    """
    for column, words in table(name).words.items():
        found = rows[column].drop_nulls().unique() if column in rows.columns else ()
        if other := sorted(set(found) - set(words)):
            raise WarehouseError(
                f"{where}: {column} is {other[0]!r}, not {' or '.join(words)}: correct the "
                f"mapping, or translate it with a table of values"
            )


def require_folds_from_one(runs: pl.DataFrame, where: str) -> None:
    """Refuse folds that are not from 1 to the number of folds.

    Raises
    ------
    WarehouseError
        With the first such fold; where they are counted from 0, with the way out.
    """
    if "fold" not in runs.columns:
        return
    n_folds = pl.col("n_folds") if "n_folds" in runs.columns else pl.lit(None, pl.Int32)
    outside = runs.filter((pl.col("fold") < 1) | (pl.col("fold") > n_folds)).sort("fold")
    if len(outside):
        of = f" of {outside['n_folds'][0]}" if "n_folds" in runs.columns else ""
        raise WarehouseError(
            f"{where}: there is a fold {outside['fold'][0]}{of}: folds count from 1 to n_folds; "
            'number them anew with a table of values (values = { "0" = 1, "1" = 2 ... })'
        )


def own_adaptations(runs: pl.DataFrame) -> list[str]:
    """One line for each adaptation that repdrift itself does not make: misspelt, or another kind.

    Examples
    --------
    >>> own_adaptations(pl.DataFrame({"adaptation": ["full", "lora"]}))[0][:48]
    "adaptation 'lora', which is none that repdrift m"
    """
    return [
        f"adaptation {name!r}, which is none that repdrift makes ({', '.join(ADAPTATIONS)}): it "
        "stands for itself in every analysis; correct the mapping if another is meant"
        for name in sorted(set(runs["adaptation"].drop_nulls().unique()) - set(ADAPTATIONS))
    ]
