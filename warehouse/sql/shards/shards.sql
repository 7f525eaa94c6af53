-- What a run keeps in Parquet beside the database: too large to copy, visible as the views predictions and activations.

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
