-- What the filters of the first layer look like, in numbers; the filters are in Parquet beside the database.

create table raw.filter_shapes (
    run_id varchar not null,
    epoch integer not null,
    layer varchar not null,
    statistic varchar not null,
    value double not null,
    n_filters integer not null
);
comment on table raw.filter_shapes is 'One row per run, epoch and statistic of the filters of the first layer, at the start and at the checkpoint that stands for the run; none for kernels below 5 x 5 pixels. Key: run_id, epoch, layer, statistic.';
comment on column raw.filter_shapes.run_id is 'Run.';
comment on column raw.filter_shapes.epoch is 'Completed epochs; 0 is before the first step.';
comment on column raw.filter_shapes.layer is 'First convolution.';
comment on column raw.filter_shapes.statistic is 'gabor_r2 (median over filters of the share of variance that the best Gabor function explains), gabor_r2_of_noise (what 95 % of noise kernels of the same size stay below), gabor_share (share of filters above that; 0.05 for noise), spectral_entropy (mean over filters, 0 for one wave, 1 for equal power at all frequencies), spectral_entropy_of_noise (mean of noise kernels).';
comment on column raw.filter_shapes.value is 'In [0, 1], never rounded.';
comment on column raw.filter_shapes.n_filters is 'Filters that were looked at: the first 64.';
