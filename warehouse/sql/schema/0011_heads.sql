-- Slopes and similarity spaces are kept apart by what the head reads and is: networks that differ are not mixed.
-- Rows of before are called pooled; `repdrift analysis run` replaces them.

alter table results.regressions add column pooling varchar default 'pooled';
alter table results.regressions alter column pooling set not null;
alter table results.regressions alter column pooling drop default;
comment on column results.regressions.pooling is 'Features that the heads of the runs take: cls, mean, cls+mean.';
alter table results.regressions add column head varchar default 'pooled';
alter table results.regressions alter column head set not null;
alter table results.regressions alter column head drop default;
comment on column results.regressions.head is 'Head of the runs: linear or transformer.';
comment on table results.regressions is 'One row per regression of an outcome on similarity, method of inference and term. Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, layer, token, probe, measure, outcome, method, term.';

alter table results.memberships add column pooling varchar default 'pooled';
alter table results.memberships alter column pooling set not null;
alter table results.memberships alter column pooling drop default;
comment on column results.memberships.pooling is 'Features that the heads of the runs take: cls, mean, cls+mean.';
alter table results.memberships add column head varchar default 'pooled';
alter table results.memberships alter column head set not null;
alter table results.memberships alter column head drop default;
comment on column results.memberships.head is 'Head of the runs: linear or transformer.';
comment on table results.memberships is 'One row per set of runs and (eta, epsilon): how many belong to the similarity space of Zu et al., eq. 5. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, pooling, head, layer, token, probe, measure, score, reference_policy, divergence, eta, epsilon.';

alter table results.sign_alarms add column pooling varchar default 'pooled';
alter table results.sign_alarms alter column pooling set not null;
alter table results.sign_alarms alter column pooling drop default;
comment on column results.sign_alarms.pooling is 'Features that the heads of the runs take: cls, mean, cls+mean.';
alter table results.sign_alarms add column head varchar default 'pooled';
alter table results.sign_alarms alter column head set not null;
alter table results.sign_alarms alter column head drop default;
comment on column results.sign_alarms.head is 'Head of the runs: linear or transformer.';
comment on table results.sign_alarms is 'One row per regression that has a slope within and a slope between datasets: do they point the same way? Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, layer, token, probe, measure, outcome.';

alter table results.influences add column pooling varchar default 'pooled';
alter table results.influences alter column pooling set not null;
alter table results.influences alter column pooling drop default;
comment on column results.influences.pooling is 'Features that the heads of the runs take: cls, mean, cls+mean.';
alter table results.influences add column head varchar default 'pooled';
alter table results.influences alter column head set not null;
alter table results.influences alter column head drop default;
comment on column results.influences.head is 'Head of the runs: linear or transformer.';
comment on table results.influences is 'One row per regression and dataset left out of it. Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, layer, token, probe, measure, outcome, left_out.';

alter table results.binned_fits add column pooling varchar default 'pooled';
alter table results.binned_fits alter column pooling set not null;
alter table results.binned_fits alter column pooling drop default;
comment on column results.binned_fits.pooling is 'Features that the heads of the runs take: cls, mean, cls+mean.';
alter table results.binned_fits add column head varchar default 'pooled';
alter table results.binned_fits alter column head set not null;
alter table results.binned_fits alter column head drop default;
comment on column results.binned_fits.head is 'Head of the runs: linear or transformer.';
comment on table results.binned_fits is 'One row per regression repeated on bin means (Zu et al., Figure 5), beside what the bins hide. Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, layer, token, probe, measure, outcome.';

alter table results.slope_differences add column pooling varchar default 'pooled';
alter table results.slope_differences alter column pooling set not null;
alter table results.slope_differences alter column pooling drop default;
comment on column results.slope_differences.pooling is 'Features that the heads of the runs take: cls, mean, cls+mean.';
alter table results.slope_differences add column head varchar default 'pooled';
alter table results.slope_differences alter column head set not null;
alter table results.slope_differences alter column head drop default;
comment on column results.slope_differences.head is 'Head of the runs: linear or transformer.';
comment on table results.slope_differences is 'One row per pair of networks, layer and method of inference: do their slopes differ? Key: analysis_id, origin, study, backbone, adaptation, pooling, head, layer, token, probe, measure, outcome, first, second, method.';

alter table results.gain_definitions add column pooling varchar default 'pooled';
alter table results.gain_definitions alter column pooling set not null;
alter table results.gain_definitions alter column pooling drop default;
comment on column results.gain_definitions.pooling is 'Features that the heads of the runs take: cls, mean, cls+mean.';
alter table results.gain_definitions add column head varchar default 'pooled';
alter table results.gain_definitions alter column head set not null;
alter table results.gain_definitions alter column head drop default;
comment on column results.gain_definitions.head is 'Head of the runs: linear or transformer.';
comment on table results.gain_definitions is 'One row per regression of a score''s gain over scratch on similarity: slope under three definitions of gain. Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, layer, token, probe, measure, score, method.';

alter table results.membership_probabilities add column pooling varchar default 'pooled';
alter table results.membership_probabilities alter column pooling set not null;
alter table results.membership_probabilities alter column pooling drop default;
comment on column results.membership_probabilities.pooling is 'Features that the heads of the runs take: cls, mean, cls+mean.';
alter table results.membership_probabilities add column head varchar default 'pooled';
alter table results.membership_probabilities alter column head set not null;
alter table results.membership_probabilities alter column head drop default;
comment on column results.membership_probabilities.head is 'Head of the runs: linear or transformer.';
comment on table results.membership_probabilities is 'One row per set of runs: probability that one of them belongs to the similarity space. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, pooling, head, layer, token, probe, measure, score, reference_policy, divergence, corrects_floor, eta, epsilon.';

alter table results.membership_surfaces add column pooling varchar default 'pooled';
alter table results.membership_surfaces alter column pooling set not null;
alter table results.membership_surfaces alter column pooling drop default;
comment on column results.membership_surfaces.pooling is 'Features that the heads of the runs take: cls, mean, cls+mean.';
alter table results.membership_surfaces add column head varchar default 'pooled';
alter table results.membership_surfaces alter column head set not null;
alter table results.membership_surfaces alter column head drop default;
comment on column results.membership_surfaces.head is 'Head of the runs: linear or transformer.';
comment on table results.membership_surfaces is 'One row per set of runs and grid point of the thresholds: share of members. Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, layer, token, probe, measure, score, reference_policy, divergence, scope, dataset, eta, epsilon.';

alter table results.projections add column pooling varchar default 'pooled';
alter table results.projections alter column pooling set not null;
alter table results.projections alter column pooling drop default;
comment on column results.projections.pooling is 'Features that the heads of the runs take: cls, mean, cls+mean.';
alter table results.projections add column head varchar default 'pooled';
alter table results.projections alter column head set not null;
alter table results.projections alter column head drop default;
comment on column results.projections.head is 'Head of the runs: linear or transformer.';
comment on table results.projections is 'One row per network, layer and outcome: does similarity predict the outcome on a dataset left out? Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, layer, token, probe, measure, outcome.';

alter table results.specifications add column pooling varchar default 'pooled';
alter table results.specifications alter column pooling set not null;
alter table results.specifications alter column pooling drop default;
comment on column results.specifications.pooling is 'Features that the heads of the runs take: cls, mean, cls+mean.';
alter table results.specifications add column head varchar default 'pooled';
alter table results.specifications alter column head set not null;
alter table results.specifications alter column head drop default;
comment on column results.specifications.head is 'Head of the runs: linear or transformer.';
comment on table results.specifications is 'One row per question, specification and method of inference: the specification curve. Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, token, probe, score, layer, measure, gain, outliers, method.';

alter table results.specification_tests add column pooling varchar default 'pooled';
alter table results.specification_tests alter column pooling set not null;
alter table results.specification_tests alter column pooling drop default;
comment on column results.specification_tests.pooling is 'Features that the heads of the runs take: cls, mean, cls+mean.';
alter table results.specification_tests add column head varchar default 'pooled';
alter table results.specification_tests alter column head set not null;
alter table results.specification_tests alter column head drop default;
comment on column results.specification_tests.head is 'Head of the runs: linear or transformer.';
comment on table results.specification_tests is 'One row per question: no slope under any specification, tested together. Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, token, probe, score.';
