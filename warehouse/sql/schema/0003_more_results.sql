-- More of what analysis found. Every row names the analysis (query, parameters) and the runs that it came from.

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

create table results.comparisons (
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
    estimate double not null,
    std_error double,
    df double,
    ci_low double,
    ci_high double,
    level double not null,
    p_value double,
    family varchar,
    family_size integer,
    p_adjusted double,
    margin double not null,
    p_equivalent double,
    p_below double,
    p_within double,
    p_above double,
    verdict varchar not null,
    p_wilcoxon double,
    p_first double,
    p_rope double,
    p_second double,
    improvement double,
    improvement_low double,
    improvement_high double,
    n_pairs integer not null,
    n_datasets integer,
    run_ids varchar[] not null
);
comment on table results.comparisons is 'One row per pair of networks, dataset and score; dataset null: across datasets. Key: analysis_id, origin, split, confidence_source, n_neighbours, score, dataset, first, second, method.';
comment on column results.comparisons.analysis_id is 'Analysis.';
comment on column results.comparisons.origin is 'Origin of the runs.';
comment on column results.comparisons.split is 'Images scored.';
comment on column results.comparisons.confidence_source is 'head or knn.';
comment on column results.comparisons.n_neighbours is 'k of the k-NN vote; 0 for the head.';
comment on column results.comparisons.score is 'Score; larger is better.';
comment on column results.comparisons.dataset is 'Target dataset; null for the comparison across datasets.';
comment on column results.comparisons.first is 'First network: backbone, pretraining, adaptation, pooling, head.';
comment on column results.comparisons.second is 'Second network.';
comment on column results.comparisons.method is 'nadeau_bengio (folds of a dataset), t (seeds of a dataset), t_datasets (datasets are the unit).';
comment on column results.comparisons.estimate is 'Mean score of the second less that of the first, on the same folds.';
comment on column results.comparisons.std_error is 'Standard error under the method; null for one pair.';
comment on column results.comparisons.df is 'Degrees of freedom.';
comment on column results.comparisons.ci_low is 'Lower end of the interval.';
comment on column results.comparisons.ci_high is 'Upper end of the interval.';
comment on column results.comparisons.level is 'Nominal coverage.';
comment on column results.comparisons.p_value is 'Two-sided, against no difference; not adjusted.';
comment on column results.comparisons.family is 'Family of tests in which the p-value is adjusted.';
comment on column results.comparisons.family_size is 'Number of tests in the family.';
comment on column results.comparisons.p_adjusted is 'Holm-adjusted in the family.';
comment on column results.comparisons.margin is 'Difference below which networks count as equivalent.';
comment on column results.comparisons.p_equivalent is 'Two one-sided tests: against a difference of the margin or more.';
comment on column results.comparisons.p_below is 'Posterior probability that the second is worse by more than the margin.';
comment on column results.comparisons.p_within is 'Posterior probability of a difference within the margin.';
comment on column results.comparisons.p_above is 'Posterior probability that the second is better by more than the margin.';
comment on column results.comparisons.verdict is 'On "the second is better": supported, contradicted, equivalent or inconclusive.';
comment on column results.comparisons.p_wilcoxon is 'Signed rank over datasets; null within a dataset.';
comment on column results.comparisons.p_first is 'Bayesian signed rank over datasets: probability that the first is better by more than the margin.';
comment on column results.comparisons.p_rope is 'The same: probability of practical equivalence.';
comment on column results.comparisons.p_second is 'The same: probability that the second is better by more than the margin.';
comment on column results.comparisons.improvement is 'Probability that a run of the second beats one of the first, averaged over datasets.';
comment on column results.comparisons.improvement_low is 'Lower end of its bootstrap interval (runs resampled within datasets).';
comment on column results.comparisons.improvement_high is 'Upper end of its bootstrap interval.';
comment on column results.comparisons.n_pairs is 'Pairs of folds, seeds or datasets.';
comment on column results.comparisons.n_datasets is 'Datasets; null within a dataset.';
comment on column results.comparisons.run_ids is 'Runs of both networks.';

create table results.rankings (
    analysis_id varchar not null,
    origin varchar not null,
    split varchar not null,
    confidence_source varchar not null,
    n_neighbours integer not null,
    score varchar not null,
    network varchar not null,
    mean_rank double not null,
    rank_low double not null,
    rank_high double not null,
    iqm double not null,
    iqm_low double not null,
    iqm_high double not null,
    n_wins double not null,
    friedman_statistic double,
    friedman_p_value double,
    critical_difference double,
    not_different varchar[],
    n_datasets integer not null,
    level double not null,
    run_ids varchar[] not null
);
comment on table results.rankings is 'One row per network and score: its rank over the datasets that all networks were run on. Key: analysis_id, origin, split, confidence_source, n_neighbours, score, network.';
comment on column results.rankings.analysis_id is 'Analysis.';
comment on column results.rankings.origin is 'Origin of the runs.';
comment on column results.rankings.split is 'Images scored.';
comment on column results.rankings.confidence_source is 'head or knn.';
comment on column results.rankings.n_neighbours is 'k of the k-NN vote; 0 for the head.';
comment on column results.rankings.score is 'Score; larger is better.';
comment on column results.rankings.network is 'Backbone, pretraining, adaptation, pooling, head.';
comment on column results.rankings.mean_rank is 'Mean rank over datasets; 1 is best.';
comment on column results.rankings.rank_low is 'Lower end of its interval (bootstrap over datasets).';
comment on column results.rankings.rank_high is 'Upper end of its interval.';
comment on column results.rankings.iqm is 'Interquartile mean of the score over runs.';
comment on column results.rankings.iqm_low is 'Lower end of its interval (bootstrap of runs within datasets).';
comment on column results.rankings.iqm_high is 'Upper end of its interval.';
comment on column results.rankings.n_wins is 'Datasets on which it is best; ties shared.';
comment on column results.rankings.friedman_statistic is 'Chi-squared of the Friedman test of all networks; null below three.';
comment on column results.rankings.friedman_p_value is 'Its p-value.';
comment on column results.rankings.critical_difference is 'Mean ranks further apart than this differ (Nemenyi).';
comment on column results.rankings.not_different is 'Networks within the critical difference: not told apart, which does not make them the same.';
comment on column results.rankings.n_datasets is 'Datasets.';
comment on column results.rankings.level is 'Coverage of the intervals.';
comment on column results.rankings.run_ids is 'Runs of the network.';
