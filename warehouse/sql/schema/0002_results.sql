-- What analysis found. Every row names the analysis (query, parameters) and the runs that it came from.

create table results.analyses (
    analysis_id varchar primary key,
    name varchar not null,
    query varchar not null,
    parameters json not null,
    n_runs integer not null,
    data_hash varchar not null,
    code_version varchar not null
);
comment on table results.analyses is 'One row per analysis that was run: the query it read, its parameters, and a hash of the rows it saw. Key: analysis_id.';
comment on column results.analyses.analysis_id is 'First 16 hexadecimal digits of the SHA-256 of name, query and parameters.';
comment on column results.analyses.name is 'Name of the analysis: intervals, gains, regressions, memberships ...';
comment on column results.analyses.query is 'SQL that a user can run by hand to see the rows that went in.';
comment on column results.analyses.parameters is 'Parameters of the analysis, seeds included.';
comment on column results.analyses.n_runs is 'Runs in the rows that went in.';
comment on column results.analyses.data_hash is 'SHA-256 of the rows that went in; another hash today means that the results are stale.';
comment on column results.analyses.code_version is 'Version of repdrift that computed the results.';

create table results.intervals (
    analysis_id varchar not null,
    origin varchar not null,
    dataset varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    n_blocks integer,
    pooling varchar not null,
    head varchar not null,
    split varchar not null,
    confidence_source varchar not null,
    token varchar not null,
    n_neighbours integer not null,
    score varchar not null,
    uncertainty varchar not null check (uncertainty in ('fold', 'seed', 'stimulus', 'test_sample')),
    method varchar not null,
    level double not null,
    estimate double not null,
    sd double,
    std_error double,
    ci_low double,
    ci_high double,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.intervals is 'One row per cell (dataset, network, adaptation, score): mean over its runs, with an interval whose kind of variation is named. Key: analysis_id, origin, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, split, confidence_source, token, n_neighbours, score, uncertainty, method.';
comment on column results.intervals.analysis_id is 'Analysis.';
comment on column results.intervals.origin is 'Origin of the runs.';
comment on column results.intervals.dataset is 'Target dataset.';
comment on column results.intervals.backbone is 'Architecture.';
comment on column results.intervals.pretraining is 'Weights that the backbone starts from.';
comment on column results.intervals.adaptation is 'What may change.';
comment on column results.intervals.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise.';
comment on column results.intervals.pooling is 'Features that the head takes.';
comment on column results.intervals.head is 'linear or transformer.';
comment on column results.intervals.split is 'Images scored.';
comment on column results.intervals.confidence_source is 'head or knn.';
comment on column results.intervals.token is 'Features behind the probabilities.';
comment on column results.intervals.n_neighbours is 'k of the k-NN vote; 0 for the head.';
comment on column results.intervals.score is 'Score; gain_difference:<score> and gain_ratio:<score> are gains over the run from scratch of the same fold and seed.';
comment on column results.intervals.uncertainty is 'What varies between the values: fold, seed, stimulus or test_sample.';
comment on column results.intervals.method is 'How the interval was made: nadeau_bengio (over folds), t (over seeds).';
comment on column results.intervals.level is 'Nominal coverage.';
comment on column results.intervals.estimate is 'Mean over the runs.';
comment on column results.intervals.sd is 'Standard deviation over the runs (n - 1); null for one run.';
comment on column results.intervals.std_error is 'Standard error of the mean that the method states; null for one run.';
comment on column results.intervals.ci_low is 'Lower end of the interval; null for one run.';
comment on column results.intervals.ci_high is 'Upper end of the interval; null for one run.';
comment on column results.intervals.n_runs is 'Runs in the cell.';
comment on column results.intervals.run_ids is 'Runs in the cell.';

create table results.regressions (
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
    method varchar not null,
    status varchar not null check (status in ('fitted', 'undefined')),
    reason varchar,
    term varchar not null,
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
    p_max_t double,
    r_squared double,
    n_runs integer not null,
    n_clusters integer not null,
    run_ids varchar[] not null
);
comment on table results.regressions is 'One row per regression of an outcome on similarity, method of inference and term. Key: analysis_id, origin, backbone, pretraining, adaptation, layer, token, probe, measure, outcome, method, term.';
comment on column results.regressions.analysis_id is 'Analysis.';
comment on column results.regressions.origin is 'Origin of the runs.';
comment on column results.regressions.backbone is 'Architecture.';
comment on column results.regressions.pretraining is 'Weights that the backbone starts from.';
comment on column results.regressions.adaptation is 'What may change; pooled when several were fitted together.';
comment on column results.regressions.layer is 'Layer whose similarity to the pre-trained model is the predictor.';
comment on column results.regressions.token is 'What a row of the representation is.';
comment on column results.regressions.probe is 'Images on which the similarity was taken.';
comment on column results.regressions.measure is 'Similarity measure.';
comment on column results.regressions.outcome is 'What is explained: gain_ratio:<score>, gain_difference:<score>, score:<score>, calibration_error, knn_accuracy, knn_calibration_error.';
comment on column results.regressions.method is 'Inference: ols (independent runs), hc3 (unequal variances), cluster_cr1 and cluster_cr3 (dependent within datasets), wild_cluster (bootstrap t, its interval by inversion), mixed (random intercept per dataset). Other fits: within and between (datasets), theil_sen, huber, without_outliers, spearman, spearman_datasets.';
comment on column results.regressions.status is 'fitted, or undefined with the reason.';
comment on column results.regressions.reason is 'Why there is no number (constant predictor, too few runs, one cluster ...), or what stands in for it (mixed).';
comment on column results.regressions.term is 'intercept, similarity, or rank_correlation.';
comment on column results.regressions.estimate is 'Coefficient, in units of the outcome per unit of similarity.';
comment on column results.regressions.std_error is 'Standard error of the coefficient under the method.';
comment on column results.regressions.statistic is 'Estimate over standard error.';
comment on column results.regressions.df is 'Degrees of freedom of the reference t distribution; null for wild_cluster.';
comment on column results.regressions.ci_low is 'Lower end of the interval; minus infinity where wild_cluster rejects no slope below.';
comment on column results.regressions.ci_high is 'Upper end of the interval; infinity where wild_cluster rejects no slope above.';
comment on column results.regressions.level is 'Nominal coverage of the interval.';
comment on column results.regressions.p_value is 'Two-sided, against a coefficient of 0; not adjusted.';
comment on column results.regressions.family is 'Family of tests in which the p-value is adjusted: the slopes of all networks and layers that share the columns named here. Null for intercepts.';
comment on column results.regressions.family_size is 'Number of tests in the family.';
comment on column results.regressions.p_adjusted is 'Holm-adjusted in the family.';
comment on column results.regressions.p_max_t is 'Adjusted in the family by the largest t of a joint wild bootstrap; wild_cluster slopes only.';
comment on column results.regressions.r_squared is 'Share of variance explained by the fit on runs.';
comment on column results.regressions.n_runs is 'Runs in the fit.';
comment on column results.regressions.n_clusters is 'Datasets in the fit.';
comment on column results.regressions.run_ids is 'Runs in the fit.';

create table results.memberships (
    analysis_id varchar not null,
    origin varchar not null,
    dataset varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    layer varchar not null,
    token varchar not null,
    probe varchar not null,
    measure varchar not null,
    score varchar not null,
    reference_policy varchar not null check (reference_policy in ('best', 'linear', 'scratch')),
    divergence varchar not null check (divergence in ('absolute', 'shortfall')),
    eta double not null,
    epsilon double not null,
    n_members integer not null,
    n_runs integer not null,
    fraction double not null,
    ci_low double not null,
    ci_high double not null,
    level double not null,
    run_ids varchar[] not null
);
comment on table results.memberships is 'One row per set of runs and (eta, epsilon): how many belong to the similarity space of Zu et al., eq. 5. Key: analysis_id, origin, dataset, backbone, pretraining, adaptation, layer, token, probe, measure, score, reference_policy, divergence, eta, epsilon.';
comment on column results.memberships.analysis_id is 'Analysis.';
comment on column results.memberships.origin is 'Origin of the runs.';
comment on column results.memberships.dataset is 'Target dataset.';
comment on column results.memberships.backbone is 'Architecture.';
comment on column results.memberships.pretraining is 'Weights that the backbone starts from.';
comment on column results.memberships.adaptation is 'What may change.';
comment on column results.memberships.layer is 'Layer whose similarity counts.';
comment on column results.memberships.token is 'What a row of the representation is.';
comment on column results.memberships.probe is 'Images on which the similarity was taken.';
comment on column results.memberships.measure is 'Similarity measure.';
comment on column results.memberships.score is 'Score whose divergence from the reference counts.';
comment on column results.memberships.reference_policy is 'Score that a run is held against: the best cell of the dataset and backbone, its linear probes (the pre-trained network with a head), or its runs from scratch; each a mean over runs.';
comment on column results.memberships.divergence is 'absolute: distance from the reference on either side (eq. 4); shortfall: only what is lost.';
comment on column results.memberships.eta is 'A member has similarity of at least 1 - eta.';
comment on column results.memberships.epsilon is 'A member has a score within epsilon of the reference.';
comment on column results.memberships.n_members is 'Runs that satisfy both.';
comment on column results.memberships.n_runs is 'Runs in the set.';
comment on column results.memberships.fraction is 'n_members / n_runs.';
comment on column results.memberships.ci_low is 'Lower end of the Wilson interval of the fraction.';
comment on column results.memberships.ci_high is 'Upper end of the Wilson interval of the fraction.';
comment on column results.memberships.level is 'Nominal coverage of the interval.';
comment on column results.memberships.run_ids is 'Runs in the set.';
