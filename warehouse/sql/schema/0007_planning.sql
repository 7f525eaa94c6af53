-- What analysis found about variation, power, prediction and the choices behind a slope. Every row names its analysis.

create table results.variance_components (
    analysis_id varchar not null,
    origin varchar not null,
    network varchar not null,
    split varchar not null,
    confidence_source varchar not null,
    n_neighbours integer not null,
    score varchar not null,
    component varchar not null,
    variance double not null,
    sd double not null,
    share double,
    n_levels integer not null,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.variance_components is 'One row per network, score and level: share of the variation between runs. Key: analysis_id, origin, network, split, confidence_source, n_neighbours, score, component.';
comment on column results.variance_components.analysis_id is 'Analysis.';
comment on column results.variance_components.origin is 'Origin of the runs.';
comment on column results.variance_components.network is 'Backbone, pretraining, adaptation, pooling, head.';
comment on column results.variance_components.split is 'Images scored.';
comment on column results.variance_components.confidence_source is 'head or knn.';
comment on column results.variance_components.n_neighbours is 'k of the k-NN vote; 0 for the head.';
comment on column results.variance_components.score is 'Score.';
comment on column results.variance_components.component is 'dataset, fold (within datasets), residual (what is left: seeds, or folds where there is one seed).';
comment on column results.variance_components.variance is 'Estimate, negative ones set to 0.';
comment on column results.variance_components.sd is 'Its square root.';
comment on column results.variance_components.share is 'Share of the sum; null when all are 0.';
comment on column results.variance_components.n_levels is 'Units of the level.';
comment on column results.variance_components.n_runs is 'Runs behind the row.';
comment on column results.variance_components.run_ids is 'Runs behind the row.';

create table results.detectable_effects (
    analysis_id varchar not null,
    origin varchar not null,
    split varchar not null,
    confidence_source varchar not null,
    n_neighbours integer not null,
    score varchar not null,
    dataset varchar,
    first varchar not null,
    second varchar not null,
    method varchar not null,
    std_error double not null,
    df double not null,
    power double not null,
    level double not null,
    minimal_effect double not null,
    wanted_effect double not null,
    unit varchar not null,
    n_units integer not null,
    n_units_needed integer
);
comment on table results.detectable_effects is 'One row per comparison: what it could have found, and what a wanted effect needs. Key: analysis_id, origin, split, confidence_source, n_neighbours, score, dataset, first, second, method.';
comment on column results.detectable_effects.analysis_id is 'Analysis.';
comment on column results.detectable_effects.origin is 'Origin of the runs.';
comment on column results.detectable_effects.split is 'Images scored.';
comment on column results.detectable_effects.confidence_source is 'head or knn.';
comment on column results.detectable_effects.n_neighbours is 'k of the k-NN vote; 0 for the head.';
comment on column results.detectable_effects.score is 'Score; larger is better.';
comment on column results.detectable_effects.dataset is 'Target dataset; null for the comparison across datasets.';
comment on column results.detectable_effects.first is 'First network.';
comment on column results.detectable_effects.second is 'Second network.';
comment on column results.detectable_effects.method is 'As in results.comparisons.';
comment on column results.detectable_effects.std_error is 'Standard error of the difference.';
comment on column results.detectable_effects.df is 'Degrees of freedom.';
comment on column results.detectable_effects.power is 'Wanted probability of finding the effect.';
comment on column results.detectable_effects.level is 'One minus the level of the two-sided test.';
comment on column results.detectable_effects.minimal_effect is 'Smallest true difference found with that probability.';
comment on column results.detectable_effects.wanted_effect is 'Difference that is asked for.';
comment on column results.detectable_effects.unit is 'What would be added: dataset, fold or seed.';
comment on column results.detectable_effects.n_units is 'Units of the comparison.';
comment on column results.detectable_effects.n_units_needed is 'Units that the wanted effect needs; null when no number is enough.';

create table results.projections (
    analysis_id varchar not null,
    origin varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    layer varchar not null,
    token varchar not null,
    probe varchar not null,
    measure varchar not null,
    outcome varchar not null,
    status varchar not null,
    reason varchar,
    n_datasets integer not null,
    mean_error double,
    trivial_error double,
    skill double,
    n_better integer,
    level double not null,
    max_level double not null,
    half_width double,
    trivial_half_width double,
    coverage double,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.projections is 'One row per network, layer and outcome: does similarity predict the outcome on a dataset left out? Key: analysis_id, origin, backbone, pretraining, adaptation, layer, token, probe, measure, outcome.';
comment on column results.projections.analysis_id is 'Analysis.';
comment on column results.projections.origin is 'Origin of the runs.';
comment on column results.projections.backbone is 'Architecture.';
comment on column results.projections.pretraining is 'Weights that the backbone starts from.';
comment on column results.projections.adaptation is 'What may change; pooled when several were fitted together.';
comment on column results.projections.layer is 'Layer.';
comment on column results.projections.token is 'What a row of the representation is.';
comment on column results.projections.probe is 'Images on which the similarity was taken.';
comment on column results.projections.measure is 'Similarity measure.';
comment on column results.projections.outcome is 'What is explained; as in results.regressions.';
comment on column results.projections.status is 'fitted, abstains (too few datasets for the level) or undefined.';
comment on column results.projections.reason is 'Why there is no interval, or no prediction.';
comment on column results.projections.n_datasets is 'Datasets.';
comment on column results.projections.mean_error is 'Root mean squared error of the line, datasets left out.';
comment on column results.projections.trivial_error is 'The same of the mean of the other datasets.';
comment on column results.projections.skill is '1 - (mean_error / trivial_error)^2; at most 0 means that similarity predicts nothing.';
comment on column results.projections.n_better is 'Datasets on which the line is better than the mean.';
comment on column results.projections.level is 'Wanted coverage of all runs of a new dataset.';
comment on column results.projections.max_level is 'Highest level that this number of datasets can promise.';
comment on column results.projections.half_width is 'Predictions plus or minus it hold with the level.';
comment on column results.projections.trivial_half_width is 'The same for the mean of the other datasets.';
comment on column results.projections.coverage is 'Share of datasets inside when calibrated on the others; null when those are too few.';
comment on column results.projections.n_runs is 'Runs behind the row.';
comment on column results.projections.run_ids is 'Runs behind the row.';

create table results.specifications (
    analysis_id varchar not null,
    origin varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    token varchar not null,
    probe varchar not null,
    score varchar not null,
    layer varchar not null,
    measure varchar not null,
    gain varchar not null,
    outliers varchar not null,
    method varchar not null,
    rank integer,
    status varchar not null,
    reason varchar,
    estimate double,
    ci_low double,
    ci_high double,
    level double not null,
    p_value double,
    n_runs integer not null,
    n_clusters integer not null,
    run_ids varchar[] not null
);
comment on table results.specifications is 'One row per question, specification and method of inference: the specification curve. Key: analysis_id, origin, backbone, pretraining, adaptation, token, probe, score, layer, measure, gain, outliers, method.';
comment on column results.specifications.analysis_id is 'Analysis.';
comment on column results.specifications.origin is 'Origin of the runs.';
comment on column results.specifications.backbone is 'Architecture.';
comment on column results.specifications.pretraining is 'Weights that the backbone starts from.';
comment on column results.specifications.adaptation is 'What may change; pooled when several were fitted together.';
comment on column results.specifications.token is 'What a row of the representation is.';
comment on column results.specifications.probe is 'Images on which the similarity was taken.';
comment on column results.specifications.score is 'Score whose gain is explained.';
comment on column results.specifications.layer is 'Choice: layer.';
comment on column results.specifications.measure is 'Choice: similarity measure.';
comment on column results.specifications.gain is 'Choice: difference, ratio, ancova.';
comment on column results.specifications.outliers is 'Choice: kept, or left out beyond 1.5 interquartile ranges (fences).';
comment on column results.specifications.method is 'Choice: inference, as in results.regressions.';
comment on column results.specifications.rank is 'Rank of the slope in its curve; 1 is smallest.';
comment on column results.specifications.status is 'fitted or undefined.';
comment on column results.specifications.reason is 'Why there is no number.';
comment on column results.specifications.estimate is 'Slope of the gain on similarity.';
comment on column results.specifications.ci_low is 'Lower end of its interval.';
comment on column results.specifications.ci_high is 'Upper end of its interval.';
comment on column results.specifications.level is 'Coverage.';
comment on column results.specifications.p_value is 'Two-sided; not adjusted.';
comment on column results.specifications.n_runs is 'Runs.';
comment on column results.specifications.n_clusters is 'Datasets.';
comment on column results.specifications.run_ids is 'Runs.';

create table results.specification_tests (
    analysis_id varchar not null,
    origin varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    token varchar not null,
    probe varchar not null,
    score varchar not null,
    n_specifications integer not null,
    n_negative integer not null,
    median_slope double not null,
    median_statistic double not null,
    p_median double not null,
    p_largest double not null,
    n_clusters integer not null,
    n_draws integer not null
);
comment on table results.specification_tests is 'One row per question: no slope under any specification, tested together. Key: analysis_id, origin, backbone, pretraining, adaptation, token, probe, score.';
comment on column results.specification_tests.analysis_id is 'Analysis.';
comment on column results.specification_tests.origin is 'Origin of the runs.';
comment on column results.specification_tests.backbone is 'Architecture.';
comment on column results.specification_tests.pretraining is 'Weights that the backbone starts from.';
comment on column results.specification_tests.adaptation is 'What may change; pooled when several were fitted together.';
comment on column results.specification_tests.token is 'What a row of the representation is.';
comment on column results.specification_tests.probe is 'Images on which the similarity was taken.';
comment on column results.specification_tests.score is 'Score whose gain is explained.';
comment on column results.specification_tests.n_specifications is 'Specifications with a slope (layer, measure, gain, outliers).';
comment on column results.specification_tests.n_negative is 'Of these, slopes below 0.';
comment on column results.specification_tests.median_slope is 'Median slope.';
comment on column results.specification_tests.median_statistic is 'Median absolute t.';
comment on column results.specification_tests.p_median is 'Share of joint sign vectors with a median at least as large.';
comment on column results.specification_tests.p_largest is 'Share of joint sign vectors whose largest absolute t is at least as large.';
comment on column results.specification_tests.n_clusters is 'Datasets.';
comment on column results.specification_tests.n_draws is 'Sign vectors.';
