"""Captions: sentences about the right class, numbered word by word."""

import torch

from collect.miniatures.captions import NAMES, TEMPLATES, captions

CLASSES = tuple(NAMES)


def test_every_class_has_every_name_in_every_template():
    made = captions(CLASSES)
    assert made.by_class.shape == (10, 3 * len(TEMPLATES))
    assert "a photo of an airplane" in made.texts
    assert "this is a riding horse" in made.texts
    assert len(set(made.texts)) == len(made.texts)


def test_tokens_spell_the_sentence():
    made = captions(CLASSES)
    numbers: dict[str, int] = {}
    for text, row in zip(made.texts, made.tokens.tolist(), strict=True):
        words = [number for number in row if number]
        assert len(words) == len(text.split())
        for word, number in zip(text.split(), words, strict=True):
            assert numbers.setdefault(word, number) == number
    assert sorted(numbers.values()) == list(range(1, made.n_words))


def test_a_drawn_caption_names_the_class_of_its_label():
    made = captions(CLASSES)
    labels = torch.arange(10).repeat(50)
    drawn = made.sample(labels, torch.Generator().manual_seed(0))
    for label, row in zip(labels.tolist(), drawn.tolist(), strict=True):
        assert any(made.texts[row].endswith((n, f"{n} in the middle of the picture"))
                   for n in NAMES[CLASSES[label]])  # fmt: skip
    assert len(drawn.unique()) > 150


def test_an_unknown_class_is_called_by_its_own_name():
    assert captions(("lung",)).texts[1] == "a photo of a lung"
