"""Studies that complete each other are analysed together; those that repeat a cell are not."""

import polars as pl


def with_study_sets(rows: pl.DataFrame, studies: pl.DataFrame) -> pl.DataFrame:
    """Rows whose ``study`` names the set of studies that they are analysed in.

    Parameters
    ----------
    rows : DataFrame
        With the columns ``origin`` and ``study``.
    studies : DataFrame
        Rows of ``staging.studies``: ``origin, study, studies``.

    Returns
    -------
    DataFrame
        The same rows in the same order.

    Examples
    --------
    >>> rows = pl.DataFrame({"origin": "repdrift", "study": ["a", "b"]})
    >>> sets = pl.DataFrame({"origin": "repdrift", "study": ["a", "b"], "studies": "a + b"})
    >>> with_study_sets(rows, sets)["study"].to_list()
    ['a + b', 'a + b']
    """
    joined = rows.join(studies, on=["origin", "study"], how="left", maintain_order="left")
    return joined.with_columns(study=pl.coalesce("studies", "study")).drop("studies")
