-- Results are kept apart by study. Rows of before are called pooled; `repdrift analysis run` replaces them.

alter table results.intervals add column study varchar default 'pooled';
alter table results.intervals alter column study set not null;
alter table results.intervals alter column study drop default;
comment on column results.intervals.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.intervals is 'One row per cell (dataset, network, adaptation, score): mean over its runs, with an interval whose kind of variation is named. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, split, confidence_source, token, n_neighbours, score, uncertainty, method.';

alter table results.regressions add column study varchar default 'pooled';
alter table results.regressions alter column study set not null;
alter table results.regressions alter column study drop default;
comment on column results.regressions.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.regressions is 'One row per regression of an outcome on similarity, method of inference and term. Key: analysis_id, origin, study, backbone, pretraining, adaptation, layer, token, probe, measure, outcome, method, term.';

alter table results.memberships add column study varchar default 'pooled';
alter table results.memberships alter column study set not null;
alter table results.memberships alter column study drop default;
comment on column results.memberships.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.memberships is 'One row per set of runs and (eta, epsilon): how many belong to the similarity space of Zu et al., eq. 5. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, layer, token, probe, measure, score, reference_policy, divergence, eta, epsilon.';

alter table results.sign_alarms add column study varchar default 'pooled';
alter table results.sign_alarms alter column study set not null;
alter table results.sign_alarms alter column study drop default;
comment on column results.sign_alarms.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.sign_alarms is 'One row per regression that has a slope within and a slope between datasets: do they point the same way? Key: analysis_id, origin, study, backbone, pretraining, adaptation, layer, token, probe, measure, outcome.';

alter table results.influences add column study varchar default 'pooled';
alter table results.influences alter column study set not null;
alter table results.influences alter column study drop default;
comment on column results.influences.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.influences is 'One row per regression and dataset left out of it. Key: analysis_id, origin, study, backbone, pretraining, adaptation, layer, token, probe, measure, outcome, left_out.';

alter table results.binned_fits add column study varchar default 'pooled';
alter table results.binned_fits alter column study set not null;
alter table results.binned_fits alter column study drop default;
comment on column results.binned_fits.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.binned_fits is 'One row per regression repeated on bin means (Zu et al., Figure 5), beside what the bins hide. Key: analysis_id, origin, study, backbone, pretraining, adaptation, layer, token, probe, measure, outcome.';

alter table results.slope_differences add column study varchar default 'pooled';
alter table results.slope_differences alter column study set not null;
alter table results.slope_differences alter column study drop default;
comment on column results.slope_differences.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.slope_differences is 'One row per pair of networks, layer and method of inference: do their slopes differ? Key: analysis_id, origin, study, backbone, adaptation, layer, token, probe, measure, outcome, first, second, method.';

alter table results.gain_definitions add column study varchar default 'pooled';
alter table results.gain_definitions alter column study set not null;
alter table results.gain_definitions alter column study drop default;
comment on column results.gain_definitions.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.gain_definitions is 'One row per regression of a score''s gain over scratch on similarity: slope under three definitions of gain. Key: analysis_id, origin, study, backbone, pretraining, adaptation, layer, token, probe, measure, score, method.';

alter table results.comparisons add column study varchar default 'pooled';
alter table results.comparisons alter column study set not null;
alter table results.comparisons alter column study drop default;
comment on column results.comparisons.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.comparisons is 'One row per pair of networks, dataset and score; dataset null: across datasets. Key: analysis_id, origin, study, split, confidence_source, n_neighbours, score, dataset, first, second, method.';

alter table results.rankings add column study varchar default 'pooled';
alter table results.rankings alter column study set not null;
alter table results.rankings alter column study drop default;
comment on column results.rankings.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.rankings is 'One row per network and score: its rank over the datasets that all networks were run on. Key: analysis_id, origin, study, split, confidence_source, n_neighbours, score, network.';

alter table results.agreements add column study varchar default 'pooled';
alter table results.agreements alter column study set not null;
alter table results.agreements alter column study drop default;
comment on column results.agreements.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.agreements is 'One row per pair of networks on the same images: do they err together? Key: analysis_id, origin, study, dataset, fold, seed, first, second, method.';

alter table results.trajectories add column study varchar default 'pooled';
alter table results.trajectories alter column study set not null;
alter table results.trajectories alter column study drop default;
comment on column results.trajectories.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.trajectories is 'One row per cell, layer and epoch: mean similarity to the start over runs, with bands. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, layer, token, probe, measure, epoch.';

alter table results.trajectory_shapes add column study varchar default 'pooled';
alter table results.trajectory_shapes alter column study set not null;
alter table results.trajectory_shapes alter column study drop default;
comment on column results.trajectory_shapes.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.trajectory_shapes is 'One row per cell and layer: drop and recovery of the mean similarity to the start. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, layer, token, probe, measure.';

alter table results.similarity_distributions add column study varchar default 'pooled';
alter table results.similarity_distributions alter column study set not null;
alter table results.similarity_distributions alter column study drop default;
comment on column results.similarity_distributions.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.similarity_distributions is 'One row per cell and layer: distribution of the final similarity to the start over runs. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, layer, token, probe, measure.';

alter table results.membership_probabilities add column study varchar default 'pooled';
alter table results.membership_probabilities alter column study set not null;
alter table results.membership_probabilities alter column study drop default;
comment on column results.membership_probabilities.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.membership_probabilities is 'One row per set of runs: probability that one of them belongs to the similarity space. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, layer, token, probe, measure, score, reference_policy, divergence, corrects_floor, eta, epsilon.';

alter table results.membership_surfaces add column study varchar default 'pooled';
alter table results.membership_surfaces alter column study set not null;
alter table results.membership_surfaces alter column study drop default;
comment on column results.membership_surfaces.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.membership_surfaces is 'One row per set of runs and grid point of the thresholds: share of members. Key: analysis_id, origin, study, backbone, pretraining, adaptation, layer, token, probe, measure, score, reference_policy, divergence, scope, dataset, eta, epsilon.';

alter table results.variance_components add column study varchar default 'pooled';
alter table results.variance_components alter column study set not null;
alter table results.variance_components alter column study drop default;
comment on column results.variance_components.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.variance_components is 'One row per network, score and level: share of the variation between runs. Key: analysis_id, origin, study, network, split, confidence_source, n_neighbours, score, component.';

alter table results.detectable_effects add column study varchar default 'pooled';
alter table results.detectable_effects alter column study set not null;
alter table results.detectable_effects alter column study drop default;
comment on column results.detectable_effects.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.detectable_effects is 'One row per comparison: what it could have found, and what a wanted effect needs. Key: analysis_id, origin, study, split, confidence_source, n_neighbours, score, dataset, first, second, method.';

alter table results.projections add column study varchar default 'pooled';
alter table results.projections alter column study set not null;
alter table results.projections alter column study drop default;
comment on column results.projections.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.projections is 'One row per network, layer and outcome: does similarity predict the outcome on a dataset left out? Key: analysis_id, origin, study, backbone, pretraining, adaptation, layer, token, probe, measure, outcome.';

alter table results.specifications add column study varchar default 'pooled';
alter table results.specifications alter column study set not null;
alter table results.specifications alter column study drop default;
comment on column results.specifications.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.specifications is 'One row per question, specification and method of inference: the specification curve. Key: analysis_id, origin, study, backbone, pretraining, adaptation, token, probe, score, layer, measure, gain, outliers, method.';

alter table results.specification_tests add column study varchar default 'pooled';
alter table results.specification_tests alter column study set not null;
alter table results.specification_tests alter column study drop default;
comment on column results.specification_tests.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on table results.specification_tests is 'One row per question: no slope under any specification, tested together. Key: analysis_id, origin, study, backbone, pretraining, adaptation, token, probe, score.';
