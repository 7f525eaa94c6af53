-- What vision transformers look at, in numbers; the maps themselves are in Parquet beside the database.

create table raw.attention (
    run_id varchar not null,
    epoch integer not null,
    probe varchar not null,
    layer varchar not null,
    statistic varchar not null check (statistic in ('entropy', 'mean_distance', 'artefact_rate')),
    value double not null,
    n_images integer not null
);
comment on table raw.attention is 'One row per run, epoch, block of a vision transformer and statistic of where it looks, at the start and at the checkpoint that stands for the run. Key: run_id, epoch, probe, layer, statistic.';
comment on column raw.attention.run_id is 'Run.';
comment on column raw.attention.epoch is 'Completed epochs; 0 is before the first step.';
comment on column raw.attention.probe is 'Images: source or target.';
comment on column raw.attention.layer is 'Block.';
comment on column raw.attention.statistic is 'entropy (of the attention of a token, in nats, from 0 to the logarithm of the number of tokens), mean_distance (between a patch and the patches it looks at, in patches), artefact_rate (share of patch tokens whose norm is more than three times the median of their image).';
comment on column raw.attention.value is 'Mean over images, heads and tokens, never rounded.';
comment on column raw.attention.n_images is 'Images of the probe.';
