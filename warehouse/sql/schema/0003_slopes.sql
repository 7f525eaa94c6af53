-- What analysis found about slopes: alarms, influence, bins, differences, gains. Every row names its analysis.

create table results.sign_alarms (
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
    pooled double not null,
    within double not null,
    between double not null,
    signs_differ boolean not null,
    is_reversed boolean not null
);
comment on table results.sign_alarms is 'One row per regression that has a slope within and a slope between datasets: do they point the same way? Key: analysis_id, origin, backbone, pretraining, adaptation, layer, token, probe, measure, outcome.';
comment on column results.sign_alarms.analysis_id is 'Analysis.';
comment on column results.sign_alarms.origin is 'Origin of the runs.';
comment on column results.sign_alarms.backbone is 'Architecture.';
comment on column results.sign_alarms.pretraining is 'Weights that the backbone starts from.';
comment on column results.sign_alarms.adaptation is 'What may change; pooled when several were fitted together.';
comment on column results.sign_alarms.layer is 'Layer whose similarity to the pre-trained model is the predictor.';
comment on column results.sign_alarms.token is 'What a row of the representation is.';
comment on column results.sign_alarms.probe is 'Images on which the similarity was taken.';
comment on column results.sign_alarms.measure is 'Similarity measure.';
comment on column results.sign_alarms.outcome is 'What is explained; as in results.regressions.';
comment on column results.sign_alarms.pooled is 'Slope of the line through all runs.';
comment on column results.sign_alarms.within is 'Slope among the runs of a dataset.';
comment on column results.sign_alarms.between is 'Slope among the means of datasets.';
comment on column results.sign_alarms.signs_differ is 'Whether the slopes within and between have different signs.';
comment on column results.sign_alarms.is_reversed is 'Whether the pooled slope has the sign that the slope within datasets has not (Simpson''s paradox).';

create table results.influences (
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
    left_out varchar not null,
    slope double not null,
    slope_without double,
    share double,
    changes_sign boolean,
    n_runs integer not null
);
comment on table results.influences is 'One row per regression and dataset left out of it. Key: analysis_id, origin, backbone, pretraining, adaptation, layer, token, probe, measure, outcome, left_out.';
comment on column results.influences.analysis_id is 'Analysis.';
comment on column results.influences.origin is 'Origin of the runs.';
comment on column results.influences.backbone is 'Architecture.';
comment on column results.influences.pretraining is 'Weights that the backbone starts from.';
comment on column results.influences.adaptation is 'What may change; pooled when several were fitted together.';
comment on column results.influences.layer is 'Layer whose similarity to the pre-trained model is the predictor.';
comment on column results.influences.token is 'What a row of the representation is.';
comment on column results.influences.probe is 'Images on which the similarity was taken.';
comment on column results.influences.measure is 'Similarity measure.';
comment on column results.influences.outcome is 'What is explained; as in results.regressions.';
comment on column results.influences.left_out is 'Dataset left out.';
comment on column results.influences.slope is 'Slope with all datasets.';
comment on column results.influences.slope_without is 'Slope without this one; null where it is undefined.';
comment on column results.influences.share is 'Change of the slope over the slope.';
comment on column results.influences.changes_sign is 'Whether the slope changes sign.';
comment on column results.influences.n_runs is 'Runs in the full fit.';

create table results.binned_fits (
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
    n_bins integer not null,
    n_outliers integer not null,
    bin_counts integer[] not null,
    bin_similarities double[] not null,
    bin_outcomes double[] not null,
    slope double not null,
    r_squared double not null,
    binned_slope double not null,
    binned_r_squared double not null,
    inflation double,
    null_r_squared double not null,
    null_r_squared_high double not null,
    p_value double not null,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.binned_fits is 'One row per regression repeated on bin means (Zu et al., Figure 5), beside what the bins hide. Key: analysis_id, origin, backbone, pretraining, adaptation, layer, token, probe, measure, outcome.';
comment on column results.binned_fits.analysis_id is 'Analysis.';
comment on column results.binned_fits.origin is 'Origin of the runs.';
comment on column results.binned_fits.backbone is 'Architecture.';
comment on column results.binned_fits.pretraining is 'Weights that the backbone starts from.';
comment on column results.binned_fits.adaptation is 'What may change; pooled when several were fitted together.';
comment on column results.binned_fits.layer is 'Layer whose similarity to the pre-trained model is the predictor.';
comment on column results.binned_fits.token is 'What a row of the representation is.';
comment on column results.binned_fits.probe is 'Images on which the similarity was taken.';
comment on column results.binned_fits.measure is 'Similarity measure.';
comment on column results.binned_fits.outcome is 'What is explained; as in results.regressions.';
comment on column results.binned_fits.n_bins is 'Bins of equal width that hold a run.';
comment on column results.binned_fits.n_outliers is 'Runs left out of the bins: beyond 1.5 interquartile ranges from the quartiles of similarity or outcome.';
comment on column results.binned_fits.bin_counts is 'Runs in each bin.';
comment on column results.binned_fits.bin_similarities is 'Mean similarity of each bin.';
comment on column results.binned_fits.bin_outcomes is 'Mean outcome of each bin.';
comment on column results.binned_fits.slope is 'Slope of the line through all runs.';
comment on column results.binned_fits.r_squared is 'R-squared of the line through all runs.';
comment on column results.binned_fits.binned_slope is 'Slope of the line through the bin means.';
comment on column results.binned_fits.binned_r_squared is 'R-squared of the line through the bin means.';
comment on column results.binned_fits.inflation is 'Binned over unbinned R-squared.';
comment on column results.binned_fits.null_r_squared is 'Median binned R-squared when outcomes are shuffled over runs.';
comment on column results.binned_fits.null_r_squared_high is '95 % point of the binned R-squared when outcomes are shuffled.';
comment on column results.binned_fits.p_value is 'Share of shuffles with a binned R-squared at least as large; runs taken as exchangeable.';
comment on column results.binned_fits.n_runs is 'Runs behind the row.';
comment on column results.binned_fits.run_ids is 'Runs behind the row.';

create table results.slope_differences (
    analysis_id varchar not null,
    origin varchar not null,
    backbone varchar not null,
    adaptation varchar not null,
    layer varchar not null,
    token varchar not null,
    probe varchar not null,
    measure varchar not null,
    outcome varchar not null,
    first varchar not null,
    second varchar not null,
    method varchar not null,
    status varchar not null,
    reason varchar,
    estimate double,
    std_error double,
    statistic double,
    df double,
    ci_low double,
    ci_high double,
    level double not null,
    p_value double,
    family varchar,
    family_size integer,
    p_adjusted double,
    n_runs integer not null,
    n_clusters integer not null,
    run_ids varchar[] not null
);
comment on table results.slope_differences is 'One row per pair of networks, layer and method of inference: do their slopes differ? Key: analysis_id, origin, backbone, adaptation, layer, token, probe, measure, outcome, first, second, method.';
comment on column results.slope_differences.analysis_id is 'Analysis.';
comment on column results.slope_differences.origin is 'Origin of the runs.';
comment on column results.slope_differences.backbone is 'Architecture.';
comment on column results.slope_differences.adaptation is 'What may change; pooled when several were fitted together.';
comment on column results.slope_differences.layer is 'Layer whose similarity to the pre-trained model is the predictor.';
comment on column results.slope_differences.token is 'What a row of the representation is.';
comment on column results.slope_differences.probe is 'Images on which the similarity was taken.';
comment on column results.slope_differences.measure is 'Similarity measure.';
comment on column results.slope_differences.outcome is 'What is explained; as in results.regressions.';
comment on column results.slope_differences.first is 'Pretraining of the first network.';
comment on column results.slope_differences.second is 'Pretraining of the second network.';
comment on column results.slope_differences.method is 'Inference: ols, cluster_cr1, cluster_cr3, wild_cluster.';
comment on column results.slope_differences.status is 'fitted, or undefined with the reason.';
comment on column results.slope_differences.reason is 'Why there is no number.';
comment on column results.slope_differences.estimate is 'Slope of the second network less slope of the first.';
comment on column results.slope_differences.std_error is 'Standard error under the method.';
comment on column results.slope_differences.statistic is 'Estimate over standard error.';
comment on column results.slope_differences.df is 'Degrees of freedom of the t distribution; null for wild_cluster.';
comment on column results.slope_differences.ci_low is 'Lower end of the interval.';
comment on column results.slope_differences.ci_high is 'Upper end of the interval.';
comment on column results.slope_differences.level is 'Nominal coverage.';
comment on column results.slope_differences.p_value is 'Two-sided, against equal slopes; not adjusted.';
comment on column results.slope_differences.family is 'Family of tests in which the p-value is adjusted.';
comment on column results.slope_differences.family_size is 'Number of tests in the family.';
comment on column results.slope_differences.p_adjusted is 'Holm-adjusted in the family.';
comment on column results.slope_differences.n_runs is 'Runs of both networks.';
comment on column results.slope_differences.n_clusters is 'Datasets.';
comment on column results.slope_differences.run_ids is 'Runs of both networks.';

create table results.gain_definitions (
    analysis_id varchar not null,
    origin varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    layer varchar not null,
    token varchar not null,
    probe varchar not null,
    measure varchar not null,
    score varchar not null,
    method varchar not null,
    slope_difference double,
    p_difference double,
    slope_ratio double,
    p_ratio double,
    slope_ancova double,
    p_ancova double,
    scratch_similarity_correlation double,
    scratch_ratio_correlation double,
    alarm boolean,
    level double not null,
    n_clusters integer not null,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.gain_definitions is 'One row per regression of a score''s gain over scratch on similarity: slope under three definitions of gain. Key: analysis_id, origin, backbone, pretraining, adaptation, layer, token, probe, measure, score, method.';
comment on column results.gain_definitions.analysis_id is 'Analysis.';
comment on column results.gain_definitions.origin is 'Origin of the runs.';
comment on column results.gain_definitions.backbone is 'Architecture.';
comment on column results.gain_definitions.pretraining is 'Weights that the backbone starts from.';
comment on column results.gain_definitions.adaptation is 'What may change; pooled when several were fitted together.';
comment on column results.gain_definitions.layer is 'Layer whose similarity to the pre-trained model is the predictor.';
comment on column results.gain_definitions.token is 'What a row of the representation is.';
comment on column results.gain_definitions.probe is 'Images on which the similarity was taken.';
comment on column results.gain_definitions.measure is 'Similarity measure.';
comment on column results.gain_definitions.score is 'Score whose gain is explained.';
comment on column results.gain_definitions.method is 'Inference behind the p-values.';
comment on column results.gain_definitions.slope_difference is 'Slope of score less score from scratch.';
comment on column results.gain_definitions.p_difference is 'Its p-value.';
comment on column results.gain_definitions.slope_ratio is 'Slope of (score - scratch) / scratch.';
comment on column results.gain_definitions.p_ratio is 'Its p-value.';
comment on column results.gain_definitions.slope_ancova is 'Slope of the score with the score from scratch as covariate.';
comment on column results.gain_definitions.p_ancova is 'Its p-value.';
comment on column results.gain_definitions.scratch_similarity_correlation is 'Correlation of the score from scratch with similarity, over runs.';
comment on column results.gain_definitions.scratch_ratio_correlation is 'Correlation of the score from scratch with the ratio that it divides.';
comment on column results.gain_definitions.alarm is 'Whether ratio and ANCOVA differ in sign or in significance at 1 - level: the shared denominator may have made the slope.';
comment on column results.gain_definitions.level is 'One minus the level of the tests.';
comment on column results.gain_definitions.n_clusters is 'Datasets.';
comment on column results.gain_definitions.n_runs is 'Runs behind the row.';
comment on column results.gain_definitions.run_ids is 'Runs behind the row.';
