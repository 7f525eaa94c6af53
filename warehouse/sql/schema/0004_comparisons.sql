-- What analysis found about networks compared with one another. Every row names its analysis.

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
