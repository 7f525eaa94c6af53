"""Image-text contrastive pre-training: an image and its caption find each other in a batch."""

import math

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torch.nn import functional

from collect.miniatures.augment import View, random_view
from collect.miniatures.captions import NAMES, PADDING, TEMPLATES, captions
from collect.miniatures.network import WIDTH, build, cls_tokens
from collect.miniatures.objective import Objective
from collect.miniatures.photographs import Photographs

VIEW = View()
EMBEDDING = 64
#: CLIP's first temperature, and the smallest that it may learn.
FIRST_TEMPERATURE, LEAST_TEMPERATURE = 0.07, 0.01


class TextEncoder(nn.Module):
    """Two transformer layers over words; the mean over the words is the sentence."""

    def __init__(self, n_words: int, length: int) -> None:
        super().__init__()
        self.words = nn.Embedding(n_words, WIDTH, padding_idx=PADDING)
        self.positions = nn.Parameter(torch.randn(length, WIDTH) * 0.02)
        layer = nn.TransformerEncoderLayer(
            WIDTH, nhead=4, dim_feedforward=4 * WIDTH, dropout=0.0, batch_first=True,
            norm_first=True, activation="gelu",
        )  # fmt: skip
        self.layers = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Sentences (n, length) of word numbers to features (n, 128)."""
        padded = tokens == PADDING
        states = self.layers(self.words(tokens) + self.positions, src_key_padding_mask=padded)
        present = (~padded).unsqueeze(-1).to(states.dtype)
        sentences: torch.Tensor = self.norm((states * present).sum(dim=1) / present.sum(dim=1))
        return sentences


def multi_positive_infonce(
    images: torch.Tensor, texts: torch.Tensor, positive: torch.Tensor, scale: torch.Tensor
) -> torch.Tensor:
    """Symmetric InfoNCE in which a row may have several positives.

    The mean over a row's positives of its negative log softmax, averaged over the rows and over
    both directions. With one positive a row this is CLIP's loss.

    Parameters
    ----------
    images, texts : Tensor of shape (n, d)
        Embeddings of length 1.
    positive : Tensor of shape (n, n)
        bool, symmetric with a true diagonal: image i may be described by text j.
    scale : Tensor of shape ()
        Inverse temperature.

    Returns
    -------
    Tensor of shape ()
        In nats, at least the mean logarithm of the number of positives of a row.

    References
    ----------
    .. [1] Radford et al. (2021), ICML, figure 3. https://arxiv.org/abs/2103.00020
    .. [2] Khosla et al. (2020), NeurIPS, eq. 2. https://arxiv.org/abs/2004.11362
    """
    logits = scale * images @ texts.T
    weights = positive.to(logits.dtype)
    weights = weights / weights.sum(dim=1, keepdim=True)
    to_text, to_image = (
        -(weights * functional.log_softmax(each, dim=1)).sum(dim=1).mean()
        for each in (logits, logits.T)
    )
    return (to_text + to_image) / 2


class Contrastive(Objective):
    """CLIP in miniature: captions are class names in templates, equal captions are positives."""

    tokens: torch.Tensor

    def __init__(self, class_names: tuple[str, ...]) -> None:
        super().__init__()
        self.captions = captions(class_names)
        self.register_buffer("tokens", self.captions.tokens, persistent=False)
        self.student = build()
        self.text = TextEncoder(self.captions.n_words, self.captions.tokens.shape[1])
        self.project_image = nn.Linear(WIDTH, EMBEDDING, bias=False)
        self.project_text = nn.Linear(WIDTH, EMBEDDING, bias=False)
        self.log_scale = nn.Parameter(torch.tensor(-math.log(FIRST_TEMPERATURE)))
        self.recipe = {
            "loss": "symmetric InfoNCE over a batch, equal captions are positives",
            "captions": len(self.captions.texts),
            "templates": list(TEMPLATES),
            "names": {label: list(NAMES.get(label, (label,))) for label in class_names},
            "text_encoder": "2 transformer layers, width 128, 4 heads, words, mean over words",
            "embedding": EMBEDDING,
            "first_temperature": FIRST_TEMPERATURE,
            "view": repr(VIEW),
        }

    @property
    def network(self) -> VisionTransformer:
        """The image encoder below its projection."""
        return self.student

    def loss(self, batch: Photographs, *, generator: torch.Generator) -> torch.Tensor:
        """Multi-positive InfoNCE of the images and one caption drawn for each."""
        drawn = self.captions.sample(batch.labels, generator)
        views = random_view(batch.images, VIEW, generator)
        image = self.project_image(cls_tokens(self.student, views))
        text = self.project_text(self.text(self.tokens[drawn]))
        scale = self.log_scale.clamp(max=-math.log(LEAST_TEMPERATURE)).exp()
        return multi_positive_infonce(
            functional.normalize(image, dim=1),
            functional.normalize(text, dim=1),
            drawn[:, None] == drawn[None, :],
            scale,
        )
