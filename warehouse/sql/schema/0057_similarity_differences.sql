-- In which layers one network drifts further than another: differences of similarity to the start, run by run.

create table results.similarity_differences (
    analysis_id varchar not null,
    origin varchar not null,
    study varchar not null,
    dataset varchar not null,
    layer varchar not null,
    reference_layer varchar not null,
    n_features integer,
    n_features_reference integer,
    token varchar not null,
    probe varchar not null,
    measure varchar not null,
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
    p_false_discovery double,
    margin double not null,
    p_equivalent double,
    verdict varchar not null,
    n_pairs integer not null,
    run_ids varchar[] not null
);
comment on table results.similarity_differences is 'One row per pair of networks, dataset, layer, layer of the start and measure. Key: analysis_id, origin, study, dataset, layer, reference_layer, n_features, n_features_reference, token, probe, measure, first, second, method.';
comment on column results.similarity_differences.analysis_id is 'Analysis.';
comment on column results.similarity_differences.origin is 'Origin of the runs.';
comment on column results.similarity_differences.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on column results.similarity_differences.dataset is 'Target dataset.';
comment on column results.similarity_differences.layer is 'Layer after fine-tuning, of the same name in both networks.';
comment on column results.similarity_differences.reference_layer is 'Layer of the start that it is compared with; equal to layer unless all pairs of layers were recorded.';
comment on column results.similarity_differences.n_features is 'Width of layer, the same in both networks.';
comment on column results.similarity_differences.n_features_reference is 'Width of reference_layer, the same in both networks.';
comment on column results.similarity_differences.token is 'What a row of the representation is.';
comment on column results.similarity_differences.probe is 'Images on which the similarity was taken.';
comment on column results.similarity_differences.measure is 'Similarity or distance measure.';
comment on column results.similarity_differences.first is 'First network: backbone, pretraining, adaptation, pooling, head.';
comment on column results.similarity_differences.second is 'Second network.';
comment on column results.similarity_differences.method is 'nadeau_bengio (folds) or t (seeds), paired.';
comment on column results.similarity_differences.estimate is 'Mean of the measure, to its own start, of the second network less that of the first, on the same folds or seeds; in units of the measure.';
comment on column results.similarity_differences.std_error is 'Standard error under the method; null for one pair, and where pairs do not differ.';
comment on column results.similarity_differences.df is 'Degrees of freedom.';
comment on column results.similarity_differences.ci_low is 'Lower end of the interval.';
comment on column results.similarity_differences.ci_high is 'Upper end of the interval.';
comment on column results.similarity_differences.level is 'Nominal coverage.';
comment on column results.similarity_differences.p_value is 'Two-sided, against no difference; not adjusted.';
comment on column results.similarity_differences.family is 'Family of tests in which the p-value is adjusted: all layers, pairs and datasets of a measure.';
comment on column results.similarity_differences.family_size is 'Number of tests in the family.';
comment on column results.similarity_differences.p_adjusted is 'P-value after Holm.';
comment on column results.similarity_differences.p_false_discovery is 'P-value after Benjamini and Hochberg; at most 0.05 marks a cell of a map.';
comment on column results.similarity_differences.margin is 'Differences within plus or minus it count as none.';
comment on column results.similarity_differences.p_equivalent is 'That the difference lies outside the margin (two one-sided t tests); not adjusted.';
comment on column results.similarity_differences.verdict is 'On the measure being greater in the second network: supported, contradicted, equivalent, inconclusive; not adjusted.';
comment on column results.similarity_differences.n_pairs is 'Folds or seeds with both networks.';
comment on column results.similarity_differences.run_ids is 'Runs that went in.';
