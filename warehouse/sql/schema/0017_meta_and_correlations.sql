-- Printed tables compared row by row, and correlations shown to be small. Every row names its analysis.

create table results.meta_analyses (
    analysis_id varchar not null,
    printed_table varchar not null,
    first varchar not null,
    second varchar not null,
    table_column varchar,
    method varchar not null,
    effect varchar not null,
    status varchar not null check (status in ('fitted', 'undefined')),
    reason varchar,
    estimate double,
    std_error double,
    df double,
    ci_low double,
    ci_high double,
    level double not null,
    p_value double,
    family varchar,
    family_size integer,
    p_adjusted double,
    variance_between double,
    heterogeneity_p_value double,
    n_columns integer not null
);
comment on table results.meta_analyses is 'One row per pair of rows of a printed table, column, method and effect. Key: analysis_id, printed_table, first, second, table_column, method, effect.';
comment on column results.meta_analyses.analysis_id is 'Analysis.';
comment on column results.meta_analyses.printed_table is 'Printed table.';
comment on column results.meta_analyses.first is 'Row of the table.';
comment on column results.meta_analyses.second is 'Row that is compared with it.';
comment on column results.meta_analyses.table_column is 'Column; null: over all columns that both rows have.';
comment on column results.meta_analyses.method is 'welch (one column), hartung_knapp (random-effects mean over columns), t_columns (paired t over columns, from means alone).';
comment on column results.meta_analyses.effect is 'difference (as printed) or standardised (Hedges'' g).';
comment on column results.meta_analyses.status is 'fitted or undefined.';
comment on column results.meta_analyses.reason is 'Why there is no test.';
comment on column results.meta_analyses.estimate is 'Second less first.';
comment on column results.meta_analyses.std_error is 'Its standard error.';
comment on column results.meta_analyses.df is 'Degrees of freedom.';
comment on column results.meta_analyses.ci_low is 'Lower end of the interval.';
comment on column results.meta_analyses.ci_high is 'Upper end of the interval.';
comment on column results.meta_analyses.level is 'Coverage.';
comment on column results.meta_analyses.p_value is 'Two-sided.';
comment on column results.meta_analyses.family is 'Tests that are adjusted together: all pairs of the table, by method and effect.';
comment on column results.meta_analyses.family_size is 'How many.';
comment on column results.meta_analyses.p_adjusted is 'By Holm.';
comment on column results.meta_analyses.variance_between is 'Variance of the true effects between columns (REML).';
comment on column results.meta_analyses.heterogeneity_p_value is 'Of Cochran''s Q: columns differ by no more than their errors.';
comment on column results.meta_analyses.n_columns is 'Columns behind the row.';

create table results.correlation_equivalences (
    analysis_id varchar not null,
    origin varchar not null,
    study varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    pooling varchar not null,
    head varchar not null,
    layer varchar not null,
    token varchar not null,
    probe varchar not null,
    measure varchar not null,
    outcome varchar not null,
    method varchar not null,
    status varchar not null check (status in ('fitted', 'undefined')),
    reason varchar,
    estimate double,
    ci_low double,
    ci_high double,
    level double not null,
    margin double not null,
    p_value double,
    family varchar,
    family_size integer,
    p_adjusted double,
    verdict varchar,
    n_runs integer not null,
    n_clusters integer not null,
    run_ids varchar[] not null
);
comment on table results.correlation_equivalences is 'One row per regression and method: is the correlation of similarity and outcome shown to be small? Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, layer, token, probe, measure, outcome, method.';
comment on column results.correlation_equivalences.analysis_id is 'Analysis.';
comment on column results.correlation_equivalences.origin is 'Origin of the runs.';
comment on column results.correlation_equivalences.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on column results.correlation_equivalences.backbone is 'Architecture.';
comment on column results.correlation_equivalences.pretraining is 'Weights that the backbone starts from.';
comment on column results.correlation_equivalences.adaptation is 'What may change; pooled when several were taken together.';
comment on column results.correlation_equivalences.pooling is 'Features that the heads of the runs take.';
comment on column results.correlation_equivalences.head is 'Head of the runs: linear or transformer.';
comment on column results.correlation_equivalences.layer is 'Layer.';
comment on column results.correlation_equivalences.token is 'What a row of the representation is.';
comment on column results.correlation_equivalences.probe is 'Images on which the similarity was taken.';
comment on column results.correlation_equivalences.measure is 'Similarity measure.';
comment on column results.correlation_equivalences.outcome is 'As in results.regressions.';
comment on column results.correlation_equivalences.method is 'fisher_z (runs independent) or cluster_cr3 (by dataset).';
comment on column results.correlation_equivalences.status is 'fitted or undefined.';
comment on column results.correlation_equivalences.reason is 'Why there is no number.';
comment on column results.correlation_equivalences.estimate is 'Correlation of similarity and outcome over runs.';
comment on column results.correlation_equivalences.ci_low is 'Lower end of its interval.';
comment on column results.correlation_equivalences.ci_high is 'Upper end of its interval.';
comment on column results.correlation_equivalences.level is 'Coverage; equivalence is tested at one minus it.';
comment on column results.correlation_equivalences.margin is 'Correlations within plus or minus it count as none.';
comment on column results.correlation_equivalences.p_value is 'Of equivalence: that the correlation lies outside the margin.';
comment on column results.correlation_equivalences.family is 'Tests that are adjusted together.';
comment on column results.correlation_equivalences.family_size is 'How many.';
comment on column results.correlation_equivalences.p_adjusted is 'By Holm.';
comment on column results.correlation_equivalences.verdict is 'On the claim that there is no relation: supported, contradicted, inconclusive; not adjusted.';
comment on column results.correlation_equivalences.n_runs is 'Runs.';
comment on column results.correlation_equivalences.n_clusters is 'Datasets.';
comment on column results.correlation_equivalences.run_ids is 'Runs.';
