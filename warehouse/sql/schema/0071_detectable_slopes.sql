-- A slope over few datasets is inconclusive: how many would show it?

create table results.detectable_slopes (
    analysis_id varchar not null,
    origin varchar not null,
    study varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    n_blocks integer,
    variant varchar not null,
    pooling varchar not null,
    head varchar not null,
    layer varchar not null,
    token varchar not null,
    probe varchar not null,
    measure varchar not null,
    outcome varchar not null,
    n_datasets integer not null,
    mean_slope double not null,
    sd double not null,
    std_error double not null,
    df double not null,
    level double not null,
    power double not null,
    minimal_effect double not null,
    minimal_effect_high double not null,
    wanted_effect double not null,
    wanted_power double not null,
    n_datasets_needed bigint,
    n_datasets_needed_high bigint,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.detectable_slopes is 'One row per network, layer and outcome: the mean slope within datasets that the datasets at hand could have found. Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome.';
comment on column results.detectable_slopes.analysis_id is 'Analysis.';
comment on column results.detectable_slopes.origin is 'Origin of the runs.';
comment on column results.detectable_slopes.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on column results.detectable_slopes.backbone is 'Architecture.';
comment on column results.detectable_slopes.pretraining is 'Weights that the backbone starts from.';
comment on column results.detectable_slopes.adaptation is 'What may change.';
comment on column results.detectable_slopes.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise.';
comment on column results.detectable_slopes.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on column results.detectable_slopes.pooling is 'Features that the head takes.';
comment on column results.detectable_slopes.head is 'linear or transformer.';
comment on column results.detectable_slopes.layer is 'Layer whose similarity to the pre-trained model is the predictor.';
comment on column results.detectable_slopes.token is 'What a row of the representation is.';
comment on column results.detectable_slopes.probe is 'Images on which the similarity was taken.';
comment on column results.detectable_slopes.measure is 'Similarity measure.';
comment on column results.detectable_slopes.outcome is 'What is explained; as in results.regressions.';
comment on column results.detectable_slopes.n_datasets is 'Datasets with a slope of their own: four folds or more, or four seeds.';
comment on column results.detectable_slopes.mean_slope is 'Mean of the slopes within datasets, which count the same.';
comment on column results.detectable_slopes.sd is 'Standard deviation of the slopes over datasets: by what they differ, and how far the runs of each leave its slope open.';
comment on column results.detectable_slopes.std_error is 'Standard error of the mean slope: sd over the root of the number of datasets.';
comment on column results.detectable_slopes.df is 'Degrees of freedom of its t test.';
comment on column results.detectable_slopes.level is 'One minus the level of the two-sided test.';
comment on column results.detectable_slopes.power is 'Wanted probability of finding a slope.';
comment on column results.detectable_slopes.minimal_effect is 'Smallest true mean slope that is found with that probability.';
comment on column results.detectable_slopes.minimal_effect_high is 'The same, with the spread as large as it may be (one-sided limit at the level).';
comment on column results.detectable_slopes.wanted_effect is 'Slope that is asked for: the margin below which slopes count as none.';
comment on column results.detectable_slopes.wanted_power is 'Probability that as many datasets find the wanted slope.';
comment on column results.detectable_slopes.n_datasets_needed is 'Datasets that the wanted slope needs; null when 100,000 are not enough.';
comment on column results.detectable_slopes.n_datasets_needed_high is 'The same, with the spread as large as it may be.';
comment on column results.detectable_slopes.n_runs is 'Runs behind the row.';
comment on column results.detectable_slopes.run_ids is 'Runs behind the row.';
