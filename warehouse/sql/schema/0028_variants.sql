-- Networks are kept apart by depth (n_blocks) and by variant: the settings in which runs of one network differ.
-- Rows of before joined them; `repdrift analysis run` replaces them.

alter table results.binned_fits add column n_blocks integer;
comment on column results.binned_fits.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.binned_fits add column variant varchar default '';
alter table results.binned_fits alter column variant set not null;
alter table results.binned_fits alter column variant drop default;
comment on column results.binned_fits.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.binned_fits is 'One row per regression repeated on bin means (Zu et al., Figure 5), beside what the bins hide. Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome.';

alter table results.correlation_equivalences add column n_blocks integer;
comment on column results.correlation_equivalences.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.correlation_equivalences add column variant varchar default '';
alter table results.correlation_equivalences alter column variant set not null;
alter table results.correlation_equivalences alter column variant drop default;
comment on column results.correlation_equivalences.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.correlation_equivalences is 'One row per regression and method: is the correlation of similarity and outcome shown to be small? Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome, method.';

alter table results.dataset_slopes add column n_blocks integer;
comment on column results.dataset_slopes.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.dataset_slopes add column variant varchar default '';
alter table results.dataset_slopes alter column variant set not null;
alter table results.dataset_slopes alter column variant drop default;
comment on column results.dataset_slopes.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.dataset_slopes is 'One row per network, dataset, layer and outcome: the slope within the dataset, tested with all others of its family at once. Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, probe, measure, outcome, dataset, layer.';

alter table results.forgetting add column variant varchar default '';
alter table results.forgetting alter column variant set not null;
alter table results.forgetting alter column variant drop default;
comment on column results.forgetting.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.forgetting is 'One row per fine-tuned cell, features, k, quantity and kind of uncertainty: what fine-tuning did to the vote of the neighbours on the source, query by query. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, n_neighbours, quantity, uncertainty, method.';

alter table results.gain_definitions add column n_blocks integer;
comment on column results.gain_definitions.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.gain_definitions add column variant varchar default '';
alter table results.gain_definitions alter column variant set not null;
alter table results.gain_definitions alter column variant drop default;
comment on column results.gain_definitions.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.gain_definitions is 'One row per regression of a score''s gain over scratch on similarity: slope under three definitions of gain. Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, score, method.';

alter table results.influences add column n_blocks integer;
comment on column results.influences.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.influences add column variant varchar default '';
alter table results.influences alter column variant set not null;
alter table results.influences alter column variant drop default;
comment on column results.influences.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.influences is 'One row per regression and dataset left out of it. Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome, left_out.';

alter table results.intervals add column variant varchar default '';
alter table results.intervals alter column variant set not null;
alter table results.intervals alter column variant drop default;
comment on column results.intervals.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.intervals is 'One row per cell (dataset, network, adaptation, score) and kind of uncertainty: mean over its runs, with an interval whose kind of variation is named. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, split, confidence_source, token, n_neighbours, score, uncertainty, method.';

alter table results.membership_probabilities add column n_blocks integer;
comment on column results.membership_probabilities.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.membership_probabilities add column variant varchar default '';
alter table results.membership_probabilities alter column variant set not null;
alter table results.membership_probabilities alter column variant drop default;
comment on column results.membership_probabilities.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.membership_probabilities is 'One row per set of runs: probability that one of them belongs to the similarity space. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, score, reference_policy, divergence, corrects_floor, eta, epsilon.';

alter table results.membership_surfaces add column n_blocks integer;
comment on column results.membership_surfaces.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.membership_surfaces add column variant varchar default '';
alter table results.membership_surfaces alter column variant set not null;
alter table results.membership_surfaces alter column variant drop default;
comment on column results.membership_surfaces.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.membership_surfaces is 'One row per set of runs and grid point of the thresholds: share of members. Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, score, reference_policy, divergence, scope, dataset, eta, epsilon.';

alter table results.memberships add column n_blocks integer;
comment on column results.memberships.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.memberships add column variant varchar default '';
alter table results.memberships alter column variant set not null;
alter table results.memberships alter column variant drop default;
comment on column results.memberships.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.memberships is 'One row per set of runs and (eta, epsilon): how many belong to the similarity space of Zu et al., eq. 5. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, score, reference_policy, divergence, eta, epsilon.';

alter table results.projections add column n_blocks integer;
comment on column results.projections.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.projections add column variant varchar default '';
alter table results.projections alter column variant set not null;
alter table results.projections alter column variant drop default;
comment on column results.projections.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.projections is 'One row per network, layer and outcome: does similarity predict the outcome on a dataset left out? Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome.';

alter table results.projections_before add column n_blocks integer;
comment on column results.projections_before.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.projections_before add column variant varchar default '';
alter table results.projections_before alter column variant set not null;
alter table results.projections_before alter column variant drop default;
comment on column results.projections_before.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.projections_before is 'One row per network, score before fine-tuning and outcome: does the score predict the outcome on a dataset left out? Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, split, confidence_source, token, n_neighbours, score, outcome.';

alter table results.regressions add column n_blocks integer;
comment on column results.regressions.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.regressions add column variant varchar default '';
alter table results.regressions alter column variant set not null;
alter table results.regressions alter column variant drop default;
comment on column results.regressions.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.regressions is 'One row per regression of an outcome on similarity, method of inference and term. Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome, method, term.';

alter table results.sign_alarms add column n_blocks integer;
comment on column results.sign_alarms.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.sign_alarms add column variant varchar default '';
alter table results.sign_alarms alter column variant set not null;
alter table results.sign_alarms alter column variant drop default;
comment on column results.sign_alarms.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.sign_alarms is 'One row per regression that has a slope within and a slope between datasets: do they point the same way? Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome.';

alter table results.similarity_distributions add column variant varchar default '';
alter table results.similarity_distributions alter column variant set not null;
alter table results.similarity_distributions alter column variant drop default;
comment on column results.similarity_distributions.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.similarity_distributions is 'One row per cell and layer: distribution of the final similarity to the start over runs. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure.';

alter table results.similarity_intervals add column variant varchar default '';
alter table results.similarity_intervals alter column variant set not null;
alter table results.similarity_intervals alter column variant drop default;
comment on column results.similarity_intervals.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.similarity_intervals is 'One row per cell, layer, measure and kind of uncertainty: mean similarity over the runs of the cell. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, reference, reference_layer, probe, measure, uncertainty, method.';

alter table results.slope_differences add column n_blocks integer;
comment on column results.slope_differences.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.slope_differences add column variant varchar default '';
alter table results.slope_differences alter column variant set not null;
alter table results.slope_differences alter column variant drop default;
comment on column results.slope_differences.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.slope_differences is 'One row per pair of networks, layer and method of inference: do their slopes differ? Key: analysis_id, origin, study, backbone, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome, first, second, method.';

alter table results.specification_tests add column n_blocks integer;
comment on column results.specification_tests.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.specification_tests add column variant varchar default '';
alter table results.specification_tests alter column variant set not null;
alter table results.specification_tests alter column variant drop default;
comment on column results.specification_tests.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.specification_tests is 'One row per question: no slope under any specification, tested together. Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, probe, score.';

alter table results.specifications add column n_blocks integer;
comment on column results.specifications.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.specifications add column variant varchar default '';
alter table results.specifications alter column variant set not null;
alter table results.specifications alter column variant drop default;
comment on column results.specifications.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.specifications is 'One row per question, specification and method of inference: the specification curve. Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, token, probe, score, layer, measure, gain, outliers, method.';

alter table results.trajectories add column variant varchar default '';
alter table results.trajectories alter column variant set not null;
alter table results.trajectories alter column variant drop default;
comment on column results.trajectories.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.trajectories is 'One row per cell, layer and epoch: mean similarity to the start over runs, with bands. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, epoch.';

alter table results.trajectory_shapes add column variant varchar default '';
alter table results.trajectory_shapes alter column variant set not null;
alter table results.trajectory_shapes alter column variant drop default;
comment on column results.trajectory_shapes.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.trajectory_shapes is 'One row per cell and layer: drop and recovery of the mean similarity to the start. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure.';
