"""What the miniature network is: small, reproducible, read like timm's ViT-B."""

import timm
import torch

from collect.miniatures.network import build, cls_tokens, normalised


def test_has_about_a_million_parameters_in_two_megabytes_of_float16():
    n_parameters = sum(p.numel() for p in build().parameters())
    # patch embedding 48 x 128 + 128, CLS 128, positions 65 x 128, 6 blocks, last norm 256
    block = 2 * 256 + (128 * 384 + 384) + (128 * 128 + 128) + (128 * 512 + 512) + (512 * 128 + 128)
    assert n_parameters == 48 * 128 + 128 + 128 + 65 * 128 + 6 * block + 256


def test_names_its_layers_as_timms_vit_b_does():
    large = set(timm.create_model("vit_base_patch16_224", num_classes=0).state_dict())
    assert set(build().state_dict()) < large


def test_the_same_seed_gives_the_same_weights_and_leaves_torchs_generator_alone():
    before = torch.random.get_rng_state()
    first, second, other = (build(seed=seed).state_dict() for seed in (3, 3, 4))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["cls_token"], other["cls_token"])


def test_any_size_has_the_same_parameters_and_sees_full_images_in_the_same_way():
    images = torch.rand(2, 3, 32, 32)
    fixed, flexible = build(seed=1), build(seed=1, any_size=True)
    assert torch.equal(fixed(images), flexible(images))
    assert flexible(images[:, :, :16, :16]).shape == (2, 128)


def test_its_output_is_the_normalised_cls_token():
    network, images = build(seed=0), torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(network(images), network.forward_features(images)[:, 0])


def test_bfloat16_tokens_are_near_the_exact_ones():
    network, images = build(seed=0), torch.rand(4, 3, 32, 32)
    tokens = cls_tokens(network, images)
    assert tokens.dtype == torch.float32
    cosine = torch.nn.functional.cosine_similarity(tokens, network(images))
    assert cosine.min() > 0.999


def test_bytes_and_fractions_are_normalised_alike():
    images = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8)
    torch.testing.assert_close(normalised(images), normalised(images.float() / 255))
    gray = torch.full((1, 3, 1, 1), 0.4914)
    assert normalised(gray)[0, 0].item() == 0
