"""Captions of CIFAR-10's classes: names in sentence templates, as sequences of word numbers."""

from dataclasses import dataclass
from typing import Final

import torch

NAMES: Final = {
    "airplane": ("airplane", "plane", "aircraft"),
    "automobile": ("automobile", "car", "sedan"),
    "bird": ("bird", "small bird", "wild bird"),
    "cat": ("cat", "kitten", "house cat"),
    "deer": ("deer", "stag", "wild deer"),
    "dog": ("dog", "puppy", "pet dog"),
    "frog": ("frog", "toad", "little frog"),
    "horse": ("horse", "pony", "riding horse"),
    "ship": ("ship", "boat", "vessel"),
    "truck": ("truck", "lorry", "heavy truck"),
}
TEMPLATES: Final = (
    "{name}",
    "a photo of {article} {name}",
    "a picture of {article} {name}",
    "a small image of {article} {name}",
    "a blurry photo of {article} {name}",
    "a close view of {article} {name}",
    "one {name} in the middle of the picture",
    "this is {article} {name}",
)
PADDING: Final = 0


@dataclass(frozen=True)
class Captions:
    """Every caption there is.

    `tokens` is (n_captions, length), int64, padded with 0; `by_class` is (n_classes, n) with the
    rows of `tokens` that describe each class; `texts` are the sentences; `n_words` counts the
    vocabulary with its padding.
    """

    texts: tuple[str, ...]
    tokens: torch.Tensor
    by_class: torch.Tensor
    n_words: int

    def sample(self, labels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Draw one caption for each label; returns rows of `tokens`, shaped as `labels`."""
        choices = self.by_class.to(labels.device)
        draw = torch.randint(
            choices.shape[1], labels.shape, device=labels.device, generator=generator
        )
        return choices[labels, draw]


def captions(class_names: tuple[str, ...]) -> Captions:
    """Captions for classes, in the order given.

    Parameters
    ----------
    class_names : tuple of str
        A class that `NAMES` does not know is called by its own name alone.

    Examples
    --------
    >>> captions(("cat",)).texts[:2]
    ('cat', 'a photo of a cat')
    """
    texts = [
        [
            template.format(name=name, article="an" if name[0] in "aeiou" else "a")
            for name in NAMES.get(label, (label,) * 3)
            for template in TEMPLATES
        ]
        for label in class_names
    ]
    flat = tuple(text for group in texts for text in group)
    words = sorted({word for text in flat for word in text.split()})
    number = {word: index for index, word in enumerate(words, start=PADDING + 1)}
    length = max(len(text.split()) for text in flat)
    tokens = torch.full((len(flat), length), PADDING)
    for row, text in enumerate(flat):
        numbers = [number[word] for word in text.split()]
        tokens[row, : len(numbers)] = torch.tensor(numbers)
    by_class = torch.arange(len(flat)).view(len(class_names), -1)
    return Captions(flat, tokens, by_class, n_words=len(words) + 1)
