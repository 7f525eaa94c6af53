"""How the tables of the three papers stand on paper."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True)
class Layout:
    """A printed table: what its rows and columns are called, and how they are grouped.

    Attributes
    ----------
    name : str
        Of the printed table in the warehouse.
    paper, label, caption : str
        Whose it is, what the paper calls it, and what it shows.
    stub : str
        Heading of the first column.
    headings : mapping of str to tuple of str
        Group and label of a column by its name in the warehouse; others stand without a group.
    blocks : mapping of str to str
        Heading of the rows whose name ends in a word; the word is left out of the name. '' is the
        heading of the others.
    bracket : str
        Heading of what is printed in brackets, with its sign; '' for none.
    is_transposed : bool
        Whether the table on paper has the rows of the warehouse as columns.
    marks_best : bool
        Whether the highest number of a column of the warehouse is underlined.
    notes : tuple of str
        Below the table.
    """

    name: str
    paper: str
    label: str
    caption: str
    stub: str
    headings: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    blocks: Mapping[str, str] = field(default_factory=dict)
    bracket: str = ""
    is_transposed: bool = False
    marks_best: bool = True
    notes: tuple[str, ...] = ()

    def lines(self, cells: pl.DataFrame) -> list[str]:
        """Return the names of the lines in the order of the paper."""
        column = "table_column" if self.is_transposed else "table_row"
        return [str(name) for name in cells[column].unique(maintain_order=True)]

    def heads(self, cells: pl.DataFrame) -> list[str]:
        """Return the names of the columns in the order of the paper."""
        column = "table_row" if self.is_transposed else "table_column"
        names = [str(name) for name in cells[column].unique(maintain_order=True)]
        return sorted(names, key=list(self.headings).index) if self.headings else names

    def heading(self, head: str) -> tuple[str, str]:
        """Return group and label of a column; with brackets the name is the group."""
        return self.headings.get(head, (head, "") if self.bracket else ("", head))

    def block_and_name(self, line: str) -> tuple[str, str]:
        """Return the heading that a line stands under, and its name."""
        for word, heading in self.blocks.items():
            if word and line.endswith(f" {word}"):
                return heading, line.removesuffix(f" {word}")
        return self.blocks.get("", ""), line


PALES_TARGETS = {
    "APTOS2019": ("quadratic kappa", "APTOS2019"),
    "DDSM": ("AUC", "DDSM"),
    "ISIC2019": ("recall", "ISIC2019"),
    "CheXpert": ("AUC, 14 labels", "CheXpert"),
}
PALES_BLOCKS = {
    "": "baselines, linear head",
    "linear": "linear head",
    "DeiT-B": "appended DeiT-B",
}
PALES_SPREAD = (
    "± SD of five repeats of one split, as printed: the noise of optimisation alone. It says "
    "nothing about other test images. 0.000 is an SD below 0.0005."
)
ZU_TARGETS = {
    "ISIC2018": ("ISIC2018", "accuracy"),
    "APTOS2019": ("APTOS2019", "accuracy"),
    "MedFM-Chest": ("MedFM-Chest", "mAP"),
    "MedFM-Colon": ("MedFM-Colon", "accuracy"),
    "MedFM-Endo": ("MedFM-Endo", "mAP"),
}
ZU_KNN = {name: (name, "k-NN") for name in ZU_TARGETS}
ZU_NOTES = (
    "Mean of 20 runs, no SD printed, so no test. mean − CLS: the printed brackets, read as their "
    "caption says (gain of the average of all patches over the CLS token).",
)
LAYOUTS = (
    Layout(
        name="juodelyte2023_table2",
        paper="juodelyte2023",
        label="Table 2",
        caption="Juodelyte et al., Table 2: AUC × 100 after fine-tuning on the target datasets.",
        stub="target dataset",
        headings={
            "ImageNet no freeze": ("ImageNet", "no freeze"),
            "ImageNet freeze": ("ImageNet", "freeze"),
            "RadImageNet no freeze": ("RadImageNet", "no freeze"),
            "RadImageNet freeze": ("RadImageNet", "freeze"),
            "random": ("", "random init"),
        },
        is_transposed=True,
        notes=(
            "± SD over five folds, as printed. Underlined: the highest mean, no test implied; "
            "the table from their logs has the test.",
        ),
    ),
    Layout(
        name="zu2025_table1",
        paper="zu2025",
        label="Table 1",
        caption="Zu et al., Table 1: image classification after three ways of fine-tuning, × 100.",
        stub="network",
        headings=ZU_TARGETS,
        blocks={"full": "full", "linear": "linear", "scratch": "scratch"},
        bracket="mean − CLS",
        notes=(*ZU_NOTES, "Underlined: the highest number of a column. – not legible."),
    ),
    Layout(
        name="zu2025_table2",
        paper="zu2025",
        label="Table 2",
        caption="Zu et al., Table 2: k-NN accuracy on ImageNet-1K after fine-tuning, × 100.",
        stub="network",
        headings=ZU_KNN,
        bracket="mean − CLS",
        notes=(
            *ZU_NOTES,
            "Underlined: the highest number of a column. The k-NN accuracy before fine-tuning is "
            "not printed, so what was forgotten cannot be read off.",
        ),
    ),
    Layout(
        name="pales2024_table1",
        paper="pales2024",
        label="Table 1",
        caption="Pales Huix et al., Table 1: frozen foundation models on medical targets.",
        stub="foundation",
        headings=PALES_TARGETS,
        blocks=PALES_BLOCKS,
        notes=(PALES_SPREAD,),
    ),
    Layout(
        name="pales2024_table2",
        paper="pales2024",
        label="Table 2",
        caption="Pales Huix et al., Table 2: unfrozen foundation models on medical targets.",
        stub="foundation",
        headings=PALES_TARGETS,
        blocks=PALES_BLOCKS,
        notes=(PALES_SPREAD,),
    ),
    Layout(
        name="pales2024_table3",
        paper="pales2024",
        label="Table 3",
        caption="Pales Huix et al., Table 3: unfrozen, trained at 1024 × 1024 pixels.",
        stub="foundation",
        headings={name: (name, score) for name, (score, _) in PALES_TARGETS.items()},
        blocks={"linear": ""},
        bracket="gain, %",
        notes=(
            "No SD printed, so no test. gain, %: the printed brackets, called a percentage over "
            "low resolution. Underlined: the highest number of a column.",
        ),
    ),
)
