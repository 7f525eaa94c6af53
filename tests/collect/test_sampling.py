"""A sample is stratified, the same every time, and needs no seed."""

import numpy as np

from collect.configuration.sections import DatasetConfig
from collect.data.sampling import stratified_sample
from collect.datasets.load import load
from tests.collect.image_sets import image_set


def test_needs_no_seed_and_does_not_depend_on_the_order():
    images = image_set([0, 1, 2] * 40)
    order = np.random.default_rng(1).permutation(120)
    chosen = stratified_sample(images, np.arange(120), 30)
    from_shuffled = stratified_sample(images.take(order), np.arange(120), 30)
    assert {images.sample_ids[i] for i in chosen} == {
        images.take(order).sample_ids[i] for i in from_shuffled
    }


def test_rare_labels_are_not_lost():
    labels = np.zeros((100, 2), dtype=int)
    labels[:50, 0] = 1
    labels[:10, 1] = 1
    chosen = stratified_sample(image_set(labels), np.arange(100), 20)
    assert labels[chosen].sum(axis=0).tolist() == [10, 2]


def test_all_images_if_there_are_fewer():
    images = image_set([0, 1] * 5)
    assert stratified_sample(images, np.array([7, 3]), 5).tolist() == [3, 7]


def test_shares_are_those_of_the_classes():
    labels = np.random.default_rng(3).permutation([0] * 60 + [1] * 30 + [2] * 10)
    chosen = stratified_sample(image_set(labels), np.arange(100), 50)
    assert np.bincount(labels[chosen]).tolist() == [30, 15, 5]


def test_a_dataset_can_be_cut_down_to_a_number_of_images():
    images = load(DatasetConfig(name="demo:ihc", max_images=100))
    assert len(images) == 100
    again = load(DatasetConfig(name="demo:ihc", max_images=100))
    assert again.content_hash == images.content_hash
