-- What a run keeps in Parquet beside the database: too large to copy, visible as the views predictions, activations,
-- attention_maps, probe_images and filters.

create schema if not exists shards;

create table shards.predictions (
    run_id varchar not null,
    epoch integer not null,
    split varchar not null,
    confidence_source varchar not null,
    token varchar not null,
    n_neighbours integer not null,
    sample_id varchar not null,
    group_id varchar,
    label integer,
    labels utinyint[],
    probabilities float[] not null
);
comment on table shards.predictions is 'One row per run, epoch and image: what the network, or the vote of the neighbours, said. Key: run_id, epoch, split, confidence_source, token, n_neighbours, sample_id.';
comment on column shards.predictions.run_id is 'Run.';
comment on column shards.predictions.epoch is 'Completed epochs; 0 is before the first step.';
comment on column shards.predictions.split is 'Images: train, validation, test (held-out fold), source (the source probe).';
comment on column shards.predictions.confidence_source is 'Whose probabilities: head or knn.';
comment on column shards.predictions.token is 'Features behind the probabilities: cls, mean, cls+mean.';
comment on column shards.predictions.n_neighbours is 'k of the k-NN vote; 0 for the head.';
comment on column shards.predictions.sample_id is 'Image.';
comment on column shards.predictions.group_id is 'Patient or other group that a split keeps together; null when there are none.';
comment on column shards.predictions.label is 'True class; null for multi-label tasks.';
comment on column shards.predictions.labels is 'True labels as 0 and 1, one per class; null unless the task is multi-label.';
comment on column shards.predictions.probabilities is 'Probability of each class, in [0, 1].';

create table shards.activations (
    run_id varchar not null,
    epoch integer not null,
    layer varchar not null,
    token varchar not null,
    probe varchar not null,
    sample_id varchar not null,
    activation float[] not null
);
comment on table shards.activations is 'One row per run, kept epoch, layer and image of the probe. Key: run_id, epoch, layer, token, probe, sample_id.';
comment on column shards.activations.run_id is 'Run.';
comment on column shards.activations.epoch is 'Completed epochs; 0 is before the first step.';
comment on column shards.activations.layer is 'Layer.';
comment on column shards.activations.token is 'cls, mean, cls+mean.';
comment on column shards.activations.probe is 'source or target.';
comment on column shards.activations.sample_id is 'Image; the order in the file is the order of the probe.';
comment on column shards.activations.activation is 'Activation vector, 32 bit.';

create table shards.attention_maps (
    run_id varchar not null,
    epoch integer not null,
    probe varchar not null,
    layer varchar not null,
    kind varchar not null,
    sample_id varchar not null,
    height integer not null,
    width integer not null,
    attention float[] not null
);
comment on table shards.attention_maps is 'One row per run, epoch, pictured image and kind of map of a vision transformer: which patches its last block looks at. Key: run_id, epoch, probe, layer, kind, sample_id.';
comment on column shards.attention_maps.run_id is 'Run.';
comment on column shards.attention_maps.epoch is 'Completed epochs: 0, and the epoch that stands for the run.';
comment on column shards.attention_maps.probe is 'source or target.';
comment on column shards.attention_maps.layer is 'Last block.';
comment on column shards.attention_maps.kind is 'cls_attention (of the class token, mean over heads), rollout (of the class token through all blocks) or mean_patch_similarity (cosine of each patch token with their average; what is below 0 counts as 0).';
comment on column shards.attention_maps.sample_id is 'Image, one of the first of the probe.';
comment on column shards.attention_maps.height is 'Rows of patches.';
comment on column shards.attention_maps.width is 'Columns of patches.';
comment on column shards.attention_maps.attention is 'One value per patch, row by row; the sum is 1. What goes to the class token and registers is left out.';

create table shards.probe_images (
    run_id varchar not null,
    probe varchar not null,
    sample_id varchar not null,
    height integer not null,
    width integer not null,
    n_channels integer not null,
    pixels utinyint[] not null
);
comment on table shards.probe_images is 'One row per run and pictured image of a probe: those that attention_maps are of. Key: run_id, probe, sample_id.';
comment on column shards.probe_images.run_id is 'Run.';
comment on column shards.probe_images.probe is 'source or target.';
comment on column shards.probe_images.sample_id is 'Image.';
comment on column shards.probe_images.height is 'Pixels, at the size that the network saw.';
comment on column shards.probe_images.width is 'Pixels, likewise.';
comment on column shards.probe_images.n_channels is '1 (gray) or 3 (red, green, blue).';
comment on column shards.probe_images.pixels is 'Intensities from 0 to 255, row by row, the channels of a pixel side by side.';

create table shards.filters (
    run_id varchar not null,
    epoch integer not null,
    layer varchar not null,
    filter integer not null,
    height integer not null,
    width integer not null,
    n_channels integer not null,
    weights float[] not null
);
comment on table shards.filters is 'One row per run, epoch and filter of the first convolution of a network, or of the patch embedding of a transformer. Key: run_id, epoch, layer, filter.';
comment on column shards.filters.run_id is 'Run.';
comment on column shards.filters.epoch is 'Completed epochs: 0, and the epoch that stands for the run.';
comment on column shards.filters.layer is 'Submodule.';
comment on column shards.filters.filter is 'Number of the filter, from 0; no more than the first 64 are kept.';
comment on column shards.filters.height is 'Weights from top to bottom.';
comment on column shards.filters.width is 'Weights from left to right.';
comment on column shards.filters.n_channels is 'Input channels.';
comment on column shards.filters.weights is 'Weights, 32 bit: channel by channel, each row by row.';
