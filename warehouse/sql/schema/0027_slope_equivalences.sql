-- Slopes shown to be small; and how probable a small slope or correlation is, beside its equivalence test.

alter table results.correlation_equivalences add column p_below double;
alter table results.correlation_equivalences add column p_within double;
alter table results.correlation_equivalences add column p_above double;
comment on column results.correlation_equivalences.p_below is 'Posterior probability of a correlation below minus the margin.';
comment on column results.correlation_equivalences.p_within is 'Posterior probability of a correlation within the margin.';
comment on column results.correlation_equivalences.p_above is 'Posterior probability of a correlation above the margin.';

create table results.slope_equivalences (
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
    std_error double,
    df double,
    ci_low double,
    ci_high double,
    level double not null,
    margin double not null,
    p_value double,
    p_below double,
    p_within double,
    p_above double,
    family varchar,
    family_size integer,
    p_adjusted double,
    p_false_discovery double,
    verdict varchar,
    n_runs integer not null,
    n_clusters integer not null,
    run_ids varchar[] not null
);
comment on table results.slope_equivalences is 'One row per regression and method: is the slope of the outcome on similarity shown to be small? Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, layer, token, probe, measure, outcome, method.';
comment on column results.slope_equivalences.analysis_id is 'Analysis.';
comment on column results.slope_equivalences.origin is 'Origin of the runs.';
comment on column results.slope_equivalences.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on column results.slope_equivalences.backbone is 'Architecture.';
comment on column results.slope_equivalences.pretraining is 'Weights that the backbone starts from.';
comment on column results.slope_equivalences.adaptation is 'What may change; pooled when several were taken together.';
comment on column results.slope_equivalences.pooling is 'Features that the heads of the runs take.';
comment on column results.slope_equivalences.head is 'Head of the runs: linear or transformer.';
comment on column results.slope_equivalences.layer is 'Layer.';
comment on column results.slope_equivalences.token is 'What a row of the representation is.';
comment on column results.slope_equivalences.probe is 'Images on which the similarity was taken.';
comment on column results.slope_equivalences.measure is 'Similarity measure.';
comment on column results.slope_equivalences.outcome is 'As in results.regressions.';
comment on column results.slope_equivalences.method is 'ols (runs independent) or cluster_cr3 (by dataset).';
comment on column results.slope_equivalences.status is 'fitted or undefined.';
comment on column results.slope_equivalences.reason is 'Why there is no number.';
comment on column results.slope_equivalences.estimate is 'Slope: change of the outcome per unit of similarity.';
comment on column results.slope_equivalences.ci_low is 'Lower end of its interval.';
comment on column results.slope_equivalences.ci_high is 'Upper end of its interval.';
comment on column results.slope_equivalences.level is 'Coverage; equivalence is tested at one minus it.';
comment on column results.slope_equivalences.margin is 'Slopes within plus or minus it count as none.';
comment on column results.slope_equivalences.p_value is 'Of equivalence: that the slope lies outside the margin (two one-sided t tests).';
comment on column results.slope_equivalences.family is 'Tests that are adjusted together.';
comment on column results.slope_equivalences.family_size is 'How many.';
comment on column results.slope_equivalences.p_adjusted is 'By Holm.';
comment on column results.slope_equivalences.verdict is 'On the claim that there is no slope: supported, contradicted, inconclusive; not adjusted.';
comment on column results.slope_equivalences.n_runs is 'Runs.';
comment on column results.slope_equivalences.n_clusters is 'Datasets.';
comment on column results.slope_equivalences.run_ids is 'Runs.';
comment on column results.slope_equivalences.std_error is 'Standard error of the slope.';
comment on column results.slope_equivalences.df is 'Degrees of freedom of t.';
comment on column results.slope_equivalences.p_below is 'Posterior probability of a slope below minus the margin.';
comment on column results.slope_equivalences.p_within is 'Posterior probability of a slope within the margin.';
comment on column results.slope_equivalences.p_above is 'Posterior probability of a slope above the margin.';
comment on column results.slope_equivalences.p_false_discovery is 'Adjusted in the family for the expected share of false rejections (Benjamini and Hochberg).';
