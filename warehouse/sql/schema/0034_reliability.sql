-- Accuracy by confidence, which reports had computed for themselves.

create table results.reliability (
    analysis_id varchar not null,
    origin varchar not null,
    study varchar not null,
    dataset varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    n_blocks integer,
    variant varchar not null,
    pooling varchar not null,
    head varchar not null,
    confidence_source varchar not null,
    token varchar not null,
    n_neighbours integer not null,
    bin integer not null,
    lower double not null,
    upper double not null,
    confidence double not null,
    accuracy double not null,
    ci_low double not null,
    ci_high double not null,
    level double not null,
    n_forecasts bigint not null,
    n_patients bigint not null,
    n_effective double not null,
    ece double not null,
    run_ids varchar[] not null
);
comment on table results.reliability is 'One row per cell, source of confidences and bin: how often forecasts of that confidence are right on the held-out fold. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, confidence_source, token, n_neighbours, bin.';
comment on column results.reliability.analysis_id is 'Analysis.';
comment on column results.reliability.origin is 'Origin of the runs.';
comment on column results.reliability.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on column results.reliability.dataset is 'Target dataset.';
comment on column results.reliability.backbone is 'Architecture.';
comment on column results.reliability.pretraining is 'Weights that the backbone starts from.';
comment on column results.reliability.adaptation is 'What may change.';
comment on column results.reliability.n_blocks is 'Number of frozen or kept blocks.';
comment on column results.reliability.variant is 'Settings in which runs of the network differ.';
comment on column results.reliability.pooling is 'Features that the head takes.';
comment on column results.reliability.head is 'linear or transformer.';
comment on column results.reliability.confidence_source is 'Whose confidences: head or knn.';
comment on column results.reliability.token is 'Features behind them.';
comment on column results.reliability.n_neighbours is 'k of the k-NN vote; 0 for the head.';
comment on column results.reliability.bin is 'Bin of confidence, from 1 to 15.';
comment on column results.reliability.lower is 'Lower edge of the bin; not in it.';
comment on column results.reliability.upper is 'Upper edge of the bin; in it.';
comment on column results.reliability.confidence is 'Mean confidence of its forecasts.';
comment on column results.reliability.accuracy is 'Share of its forecasts that are right.';
comment on column results.reliability.ci_low is 'Lower end of Wilson''s interval of the accuracy, with n_effective forecasts.';
comment on column results.reliability.ci_high is 'Upper end of Wilson''s interval of the accuracy.';
comment on column results.reliability.level is 'Coverage of the interval.';
comment on column results.reliability.n_forecasts is 'Forecasts in the bin, over all runs of the cell.';
comment on column results.reliability.n_patients is 'Patients (images where there are none) that they are of.';
comment on column results.reliability.n_effective is 'Independent forecasts that would be as uncertain.';
comment on column results.reliability.ece is 'Calibration error over all bins of the cell: mean distance of confidence and accuracy.';
comment on column results.reliability.run_ids is 'Runs behind the row.';
