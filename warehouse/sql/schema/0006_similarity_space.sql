-- What analysis found about agreement, trajectories and the similarity space. Every row names its analysis.

create table results.agreements (
    analysis_id varchar not null,
    origin varchar not null,
    dataset varchar not null,
    fold integer,
    seed integer,
    first varchar not null,
    second varchar not null,
    method varchar not null,
    observed double not null,
    observed_low double,
    observed_high double,
    independent double,
    independent_one_model double not null,
    excess double not null,
    excess_low double,
    excess_high double,
    kappa double,
    kappa_low double,
    kappa_high double,
    level double not null,
    n_images integer,
    run_ids varchar[] not null
);
comment on table results.agreements is 'One row per pair of networks on the same images: do they err together? Key: analysis_id, origin, dataset, fold, seed, first, second, method.';
comment on column results.agreements.analysis_id is 'Analysis.';
comment on column results.agreements.origin is 'Origin of the runs.';
comment on column results.agreements.dataset is 'Target dataset.';
comment on column results.agreements.fold is 'Held-out fold; null when taken over folds.';
comment on column results.agreements.seed is 'Seed; null when taken over folds.';
comment on column results.agreements.first is 'First network.';
comment on column results.agreements.second is 'Second network.';
comment on column results.agreements.method is 'bootstrap (over the images of a fold) or nadeau_bengio (over folds, from logged values).';
comment on column results.agreements.observed is 'Share of images that both get right or both get wrong.';
comment on column results.agreements.observed_low is 'Lower end of its interval.';
comment on column results.agreements.observed_high is 'Upper end of its interval.';
comment on column results.agreements.independent is 'The share if errors were independent, with both accuracies; null when they were not logged.';
comment on column results.agreements.independent_one_model is 'The same with one accuracy twice, as the code of Juodelyte et al. (2023) computes it.';
comment on column results.agreements.excess is 'Observed less independent (less independent_one_model for nadeau_bengio).';
comment on column results.agreements.excess_low is 'Lower end of its interval.';
comment on column results.agreements.excess_high is 'Upper end of its interval.';
comment on column results.agreements.kappa is 'Error consistency: 0 is chance, 1 the same errors; null when it was not logged.';
comment on column results.agreements.kappa_low is 'Lower end of its interval.';
comment on column results.agreements.kappa_high is 'Upper end of its interval.';
comment on column results.agreements.level is 'Coverage.';
comment on column results.agreements.n_images is 'Images of the fold; null when taken over folds.';
comment on column results.agreements.run_ids is 'Runs of both networks.';

create table results.trajectories (
    analysis_id varchar not null,
    origin varchar not null,
    dataset varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    n_blocks integer,
    pooling varchar not null,
    head varchar not null,
    layer varchar not null,
    token varchar not null,
    probe varchar not null,
    measure varchar not null,
    epoch integer not null,
    mean double not null,
    sd double,
    ci_low double,
    ci_high double,
    band_low double,
    band_high double,
    level double not null,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.trajectories is 'One row per cell, layer and epoch: mean similarity to the start over runs, with bands. Key: analysis_id, origin, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, layer, token, probe, measure, epoch.';
comment on column results.trajectories.analysis_id is 'Analysis.';
comment on column results.trajectories.origin is 'Origin of the runs.';
comment on column results.trajectories.dataset is 'Target dataset.';
comment on column results.trajectories.backbone is 'Architecture.';
comment on column results.trajectories.pretraining is 'Weights that the backbone starts from.';
comment on column results.trajectories.adaptation is 'What may change.';
comment on column results.trajectories.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise.';
comment on column results.trajectories.pooling is 'Features that the head takes.';
comment on column results.trajectories.head is 'linear or transformer.';
comment on column results.trajectories.layer is 'Layer.';
comment on column results.trajectories.token is 'What a row of the representation is.';
comment on column results.trajectories.probe is 'Images on which the similarity was taken.';
comment on column results.trajectories.measure is 'Similarity measure.';
comment on column results.trajectories.epoch is 'Completed epochs.';
comment on column results.trajectories.mean is 'Mean over runs.';
comment on column results.trajectories.sd is 'Standard deviation over runs (n - 1).';
comment on column results.trajectories.ci_low is 'Lower end of the t interval at this epoch alone.';
comment on column results.trajectories.ci_high is 'Upper end of the t interval at this epoch alone.';
comment on column results.trajectories.band_low is 'Lower end of the band that covers the whole mean trajectory; null below three runs.';
comment on column results.trajectories.band_high is 'Upper end of the band.';
comment on column results.trajectories.level is 'Coverage.';
comment on column results.trajectories.n_runs is 'Runs behind the row.';
comment on column results.trajectories.run_ids is 'Runs behind the row.';

create table results.trajectory_shapes (
    analysis_id varchar not null,
    origin varchar not null,
    dataset varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    n_blocks integer,
    pooling varchar not null,
    head varchar not null,
    layer varchar not null,
    token varchar not null,
    probe varchar not null,
    measure varchar not null,
    start double not null,
    minimum double not null,
    minimum_epoch integer not null,
    final double not null,
    final_epoch integer not null,
    steepest_epoch integer not null,
    drop double not null,
    recovery double not null,
    recovery_low double,
    recovery_high double,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.trajectory_shapes is 'One row per cell and layer: drop and recovery of the mean similarity to the start. Key: analysis_id, origin, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, layer, token, probe, measure.';
comment on column results.trajectory_shapes.analysis_id is 'Analysis.';
comment on column results.trajectory_shapes.origin is 'Origin of the runs.';
comment on column results.trajectory_shapes.dataset is 'Target dataset.';
comment on column results.trajectory_shapes.backbone is 'Architecture.';
comment on column results.trajectory_shapes.pretraining is 'Weights that the backbone starts from.';
comment on column results.trajectory_shapes.adaptation is 'What may change.';
comment on column results.trajectory_shapes.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise.';
comment on column results.trajectory_shapes.pooling is 'Features that the head takes.';
comment on column results.trajectory_shapes.head is 'linear or transformer.';
comment on column results.trajectory_shapes.layer is 'Layer.';
comment on column results.trajectory_shapes.token is 'What a row of the representation is.';
comment on column results.trajectory_shapes.probe is 'Images on which the similarity was taken.';
comment on column results.trajectory_shapes.measure is 'Similarity measure.';
comment on column results.trajectory_shapes.start is 'Mean at the first epoch.';
comment on column results.trajectory_shapes.minimum is 'Lowest mean.';
comment on column results.trajectory_shapes.minimum_epoch is 'Epoch of the lowest mean.';
comment on column results.trajectory_shapes.final is 'Mean at the last epoch.';
comment on column results.trajectory_shapes.final_epoch is 'Last epoch.';
comment on column results.trajectory_shapes.steepest_epoch is 'Epoch at the end of the steepest fall.';
comment on column results.trajectory_shapes.drop is 'Start less minimum.';
comment on column results.trajectory_shapes.recovery is 'Final less the value at the epoch of the minimum, mean over runs.';
comment on column results.trajectory_shapes.recovery_low is 'Lower end of its t interval over runs; the epoch of the minimum taken as known.';
comment on column results.trajectory_shapes.recovery_high is 'Upper end of its interval.';
comment on column results.trajectory_shapes.n_runs is 'Runs behind the row.';
comment on column results.trajectory_shapes.run_ids is 'Runs behind the row.';

create table results.similarity_distributions (
    analysis_id varchar not null,
    origin varchar not null,
    dataset varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    n_blocks integer,
    pooling varchar not null,
    head varchar not null,
    layer varchar not null,
    token varchar not null,
    probe varchar not null,
    measure varchar not null,
    mean double not null,
    sd double,
    minimum double not null,
    low_quartile double not null,
    median double not null,
    high_quartile double not null,
    maximum double not null,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.similarity_distributions is 'One row per cell and layer: distribution of the final similarity to the start over runs. Key: analysis_id, origin, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, layer, token, probe, measure.';
comment on column results.similarity_distributions.analysis_id is 'Analysis.';
comment on column results.similarity_distributions.origin is 'Origin of the runs.';
comment on column results.similarity_distributions.dataset is 'Target dataset.';
comment on column results.similarity_distributions.backbone is 'Architecture.';
comment on column results.similarity_distributions.pretraining is 'Weights that the backbone starts from.';
comment on column results.similarity_distributions.adaptation is 'What may change.';
comment on column results.similarity_distributions.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise.';
comment on column results.similarity_distributions.pooling is 'Features that the head takes.';
comment on column results.similarity_distributions.head is 'linear or transformer.';
comment on column results.similarity_distributions.layer is 'Layer.';
comment on column results.similarity_distributions.token is 'What a row of the representation is.';
comment on column results.similarity_distributions.probe is 'Images on which the similarity was taken.';
comment on column results.similarity_distributions.measure is 'Similarity measure.';
comment on column results.similarity_distributions.mean is 'Mean.';
comment on column results.similarity_distributions.sd is 'Standard deviation (n - 1).';
comment on column results.similarity_distributions.minimum is 'Minimum.';
comment on column results.similarity_distributions.low_quartile is 'Lower quartile.';
comment on column results.similarity_distributions.median is 'Median.';
comment on column results.similarity_distributions.high_quartile is 'Upper quartile.';
comment on column results.similarity_distributions.maximum is 'Maximum.';
comment on column results.similarity_distributions.n_runs is 'Runs behind the row.';
comment on column results.similarity_distributions.run_ids is 'Runs behind the row.';

create table results.membership_probabilities (
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
    reference_policy varchar not null,
    divergence varchar not null,
    corrects_floor boolean not null,
    eta double not null,
    epsilon double not null,
    probability double not null,
    ci_low double not null,
    ci_high double not null,
    level double not null,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.membership_probabilities is 'One row per set of runs: probability that one of them belongs to the similarity space. Key: analysis_id, origin, dataset, backbone, pretraining, adaptation, layer, token, probe, measure, score, reference_policy, divergence, corrects_floor, eta, epsilon.';
comment on column results.membership_probabilities.analysis_id is 'Analysis.';
comment on column results.membership_probabilities.origin is 'Origin of the runs.';
comment on column results.membership_probabilities.dataset is 'Target dataset.';
comment on column results.membership_probabilities.backbone is 'Architecture.';
comment on column results.membership_probabilities.pretraining is 'Weights that the backbone starts from.';
comment on column results.membership_probabilities.adaptation is 'What may change.';
comment on column results.membership_probabilities.layer is 'Layer.';
comment on column results.membership_probabilities.token is 'What a row of the representation is.';
comment on column results.membership_probabilities.probe is 'Images on which the similarity was taken.';
comment on column results.membership_probabilities.measure is 'Similarity measure.';
comment on column results.membership_probabilities.score is 'Score whose divergence counts.';
comment on column results.membership_probabilities.reference_policy is 'Score that a run is held against: best, linear or scratch.';
comment on column results.membership_probabilities.divergence is 'absolute or shortfall.';
comment on column results.membership_probabilities.corrects_floor is 'Whether similarity was rescaled so that its value under random pairing is 0.';
comment on column results.membership_probabilities.eta is 'A member has similarity of at least 1 - eta.';
comment on column results.membership_probabilities.epsilon is 'A member has a score within epsilon of the reference.';
comment on column results.membership_probabilities.probability is 'Mean share of members over draws of runs and images.';
comment on column results.membership_probabilities.ci_low is 'Lower end of its interval.';
comment on column results.membership_probabilities.ci_high is 'Upper end of its interval.';
comment on column results.membership_probabilities.level is 'Coverage.';
comment on column results.membership_probabilities.n_runs is 'Runs behind the row.';
comment on column results.membership_probabilities.run_ids is 'Runs behind the row.';

create table results.membership_surfaces (
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
    reference_policy varchar not null,
    divergence varchar not null,
    scope varchar not null,
    dataset varchar,
    eta double not null,
    epsilon double not null,
    fraction double not null,
    n_units integer not null,
    is_frontier boolean not null
);
comment on table results.membership_surfaces is 'One row per set of runs and grid point of the thresholds: share of members. Key: analysis_id, origin, backbone, pretraining, adaptation, layer, token, probe, measure, score, reference_policy, divergence, scope, dataset, eta, epsilon.';
comment on column results.membership_surfaces.analysis_id is 'Analysis.';
comment on column results.membership_surfaces.origin is 'Origin of the runs.';
comment on column results.membership_surfaces.backbone is 'Architecture.';
comment on column results.membership_surfaces.pretraining is 'Weights that the backbone starts from.';
comment on column results.membership_surfaces.adaptation is 'What may change; pooled when several were fitted together.';
comment on column results.membership_surfaces.layer is 'Layer.';
comment on column results.membership_surfaces.token is 'What a row of the representation is.';
comment on column results.membership_surfaces.probe is 'Images on which the similarity was taken.';
comment on column results.membership_surfaces.measure is 'Similarity measure.';
comment on column results.membership_surfaces.score is 'Score whose divergence counts.';
comment on column results.membership_surfaces.reference_policy is 'Score that a run is held against.';
comment on column results.membership_surfaces.divergence is 'absolute or shortfall.';
comment on column results.membership_surfaces.scope is 'dataset; intersection (member on every dataset: the global space of Zu et al., eq. 6); union (on any).';
comment on column results.membership_surfaces.dataset is 'Target dataset; null for intersection and union.';
comment on column results.membership_surfaces.eta is 'A member has similarity of at least 1 - eta.';
comment on column results.membership_surfaces.epsilon is 'A member has a score within epsilon of the reference.';
comment on column results.membership_surfaces.fraction is 'Share of members among runs, or among folds and seeds over all datasets.';
comment on column results.membership_surfaces.n_units is 'Runs, or folds and seeds.';
comment on column results.membership_surfaces.is_frontier is 'Whether this is the smallest eta of its epsilon at which at least half belong.';
