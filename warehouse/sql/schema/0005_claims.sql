-- What analysis found about claims and printed tables. Every row names its analysis.

create table results.claims (
    analysis_id varchar not null,
    claim varchar not null,
    source varchar not null,
    text varchar not null,
    kind varchar not null,
    expects varchar not null,
    scope varchar not null,
    rigour varchar not null,
    verdict varchar not null,
    n_panels integer not null,
    n_supported integer not null,
    n_contradicted integer not null,
    n_equivalent integer not null,
    n_inconclusive integer not null,
    level double not null,
    margin double not null
);
comment on table results.claims is 'One row per claim and rigour: the verdict over all of its panels. Key: analysis_id, claim, rigour.';
comment on column results.claims.analysis_id is 'Analysis.';
comment on column results.claims.claim is 'Name of the claim in its claims file.';
comment on column results.claims.source is 'Who says it.';
comment on column results.claims.text is 'The claim in words.';
comment on column results.claims.kind is 'slope, slope_difference, difference or mean.';
comment on column results.claims.expects is 'greater, less or equivalent.';
comment on column results.claims.scope is 'In how many panels: every, most or any.';
comment on column results.claims.rigour is 'as_published (signs of estimates), independent (runs), clustered (CR3 by dataset; Nadeau-Bengio where there is one), wild (bootstrap), mixed (random intercept), adjusted (clustered, Bonferroni over panels).';
comment on column results.claims.verdict is 'supported, contradicted, equivalent or inconclusive.';
comment on column results.claims.n_panels is 'Panels judged.';
comment on column results.claims.n_supported is 'Panels in which the claim is supported.';
comment on column results.claims.n_contradicted is 'Panels in which it is contradicted.';
comment on column results.claims.n_equivalent is 'Panels in which the effect is within the margin of none.';
comment on column results.claims.n_inconclusive is 'Panels in which the data do not say.';
comment on column results.claims.level is 'Coverage behind the verdicts.';
comment on column results.claims.margin is 'Effects within it count as none; 0 leaves equivalence out.';

create table results.claim_panels (
    analysis_id varchar not null,
    claim varchar not null,
    rigour varchar not null,
    panel varchar not null,
    verdict varchar not null,
    estimate double,
    ci_low double,
    ci_high double,
    p_value double,
    reason varchar,
    n_runs integer not null,
    n_clusters integer not null,
    run_ids varchar[] not null
);
comment on table results.claim_panels is 'One row per claim, rigour and panel: the effect behind a verdict. Key: analysis_id, claim, rigour, panel.';
comment on column results.claim_panels.analysis_id is 'Analysis.';
comment on column results.claim_panels.claim is 'Name of the claim.';
comment on column results.claim_panels.rigour is 'As in results.claims.';
comment on column results.claim_panels.panel is 'Values of the columns that the claim runs over.';
comment on column results.claim_panels.verdict is 'supported, contradicted, equivalent or inconclusive.';
comment on column results.claim_panels.estimate is 'Effect; null where undefined.';
comment on column results.claim_panels.ci_low is 'Lower end of its interval; null for as_published.';
comment on column results.claim_panels.ci_high is 'Upper end of its interval.';
comment on column results.claim_panels.p_value is 'Two-sided, of no effect; not adjusted.';
comment on column results.claim_panels.reason is 'Why there is no number, or what stands in for it.';
comment on column results.claim_panels.n_runs is 'Rows behind the effect: runs, or pairs of them.';
comment on column results.claim_panels.n_clusters is 'Datasets.';
comment on column results.claim_panels.run_ids is 'Runs; of a pair the second.';

create table results.audits (
    analysis_id varchar not null,
    number integer not null,
    printed_table varchar not null,
    kind varchar not null,
    states varchar not null,
    table_row varchar not null,
    table_column varchar not null,
    printed varchar,
    found varchar,
    is_consistent boolean not null,
    p_value double,
    explanation varchar
);
comment on table results.audits is 'One row per printed cell or pair of cells held against the rest of its table or the text. Key: analysis_id, number.';
comment on column results.audits.analysis_id is 'Analysis.';
comment on column results.audits.number is 'Row of the audit, from 1.';
comment on column results.audits.printed_table is 'Printed table.';
comment on column results.audits.kind is 'Kind of check: derived, largest_gain, greater, best, repeated, sum_at_most, bracket_sign.';
comment on column results.audits.states is 'What the paper says.';
comment on column results.audits.table_row is 'Row of the table, or the rows compared.';
comment on column results.audits.table_column is 'Column of the table.';
comment on column results.audits.printed is 'What is printed.';
comment on column results.audits.found is 'What follows from the rest.';
comment on column results.audits.is_consistent is 'Whether they agree, unprinted digits allowed for.';
comment on column results.audits.p_value is 'Welch test of the two cells, where standard deviations are printed.';
comment on column results.audits.explanation is 'What would explain the printed number.';
