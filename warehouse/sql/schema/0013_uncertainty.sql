-- Kinds of uncertainty beside each other: folds, seeds, test images, stimuli, and their total.

alter table results.intervals rename to intervals_of_before;
create table results.intervals (
    analysis_id varchar not null,
    origin varchar not null,
    study varchar not null,
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
    uncertainty varchar not null check (uncertainty in ('fold', 'seed', 'stimulus', 'test_sample', 'total')),
    method varchar not null,
    level double not null,
    estimate double not null,
    sd double,
    std_error double,
    ci_low double,
    ci_high double,
    is_cut boolean,
    unit varchar,
    n_units integer,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.intervals is 'One row per cell (dataset, network, adaptation, score) and kind of uncertainty: mean over its runs, with an interval whose kind of variation is named. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, split, confidence_source, token, n_neighbours, score, uncertainty, method.';
comment on column results.intervals.analysis_id is 'Analysis.';
comment on column results.intervals.origin is 'Origin of the runs.';
comment on column results.intervals.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
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
comment on column results.intervals.uncertainty is 'What varies: fold (training and test images, patients), seed (initialisation and order), test_sample (other test images or patients, the networks as they are), total (seed or fold, and test_sample, where all runs see the same images).';
comment on column results.intervals.method is 'nadeau_bengio (folds), t (seeds); of the test sample bootstrap (one run, as recorded), bootstrap_independent (runs on images of their own), bootstrap_bound (runs on the same images: an upper bound); sum (total).';
comment on column results.intervals.level is 'Nominal coverage.';
comment on column results.intervals.estimate is 'Mean over the runs.';
comment on column results.intervals.sd is 'Standard deviation (n - 1) over folds or seeds; null for the other kinds.';
comment on column results.intervals.std_error is 'Standard error of the mean under that method; null where there is no interval.';
comment on column results.intervals.ci_low is 'Lower end of the interval, cut at the range of the score.';
comment on column results.intervals.ci_high is 'Upper end of the interval, cut at the range of the score.';
comment on column results.intervals.is_cut is 'Whether an end of the interval lay outside the range of the score; null where there is no interval.';
comment on column results.intervals.unit is 'What is drawn anew: fold, seed, image or group; null for total.';
comment on column results.intervals.n_units is 'Folds, seeds, images or groups; the images or groups of all runs together. Null for total.';
comment on column results.intervals.n_runs is 'Runs in the cell.';
comment on column results.intervals.run_ids is 'Runs in the cell.';
insert into results.intervals by name
select
    analysis_id,
    origin,
    study,
    dataset,
    backbone,
    pretraining,
    adaptation,
    n_blocks,
    pooling,
    head,
    split,
    confidence_source,
    token,
    n_neighbours,
    score,
    uncertainty,
    method,
    level,
    estimate,
    sd,
    std_error,
    ci_low,
    ci_high,
    n_runs,
    run_ids
from results.intervals_of_before;
drop table results.intervals_of_before;

create table results.similarity_intervals (
    analysis_id varchar not null,
    origin varchar not null,
    study varchar not null,
    dataset varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    n_blocks integer,
    pooling varchar not null,
    head varchar not null,
    layer varchar not null,
    token varchar not null,
    reference varchar not null,
    reference_layer varchar not null,
    probe varchar not null,
    measure varchar not null,
    uncertainty varchar not null check (uncertainty in ('fold', 'seed', 'stimulus', 'test_sample', 'total')),
    method varchar not null,
    level double not null,
    estimate double not null,
    sd double,
    std_error double,
    ci_low double,
    ci_high double,
    is_cut boolean,
    unit varchar,
    n_units integer,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.similarity_intervals is 'One row per cell, layer, measure and kind of uncertainty: mean similarity over the runs of the cell. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, layer, token, reference, reference_layer, probe, measure, uncertainty, method.';
comment on column results.similarity_intervals.analysis_id is 'Analysis.';
comment on column results.similarity_intervals.origin is 'Origin of the runs.';
comment on column results.similarity_intervals.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on column results.similarity_intervals.dataset is 'Target dataset.';
comment on column results.similarity_intervals.backbone is 'Architecture.';
comment on column results.similarity_intervals.pretraining is 'Weights that the backbone starts from.';
comment on column results.similarity_intervals.adaptation is 'What may change.';
comment on column results.similarity_intervals.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise.';
comment on column results.similarity_intervals.pooling is 'Features that the head takes.';
comment on column results.similarity_intervals.head is 'linear or transformer.';
comment on column results.similarity_intervals.layer is 'Layer.';
comment on column results.similarity_intervals.token is 'What a row of the representation is: cls, mean, spatial.';
comment on column results.similarity_intervals.reference is 'Compared with: pretrained (the own start) or random.';
comment on column results.similarity_intervals.reference_layer is 'Layer of the reference.';
comment on column results.similarity_intervals.probe is 'Images that both saw: source, target, or a name.';
comment on column results.similarity_intervals.measure is 'Similarity measure.';
comment on column results.similarity_intervals.uncertainty is 'What varies: fold, seed, stimulus (other images or patients to compare the networks on, the networks as they are), total (seed or fold, and stimulus, where all runs see the same images).';
comment on column results.similarity_intervals.method is 'nadeau_bengio (folds), t (seeds); of the stimuli jackknife (one run, as recorded), jackknife_independent (runs on images of their own), jackknife_bound (runs on the same images: an upper bound); sum (total).';
comment on column results.similarity_intervals.level is 'Nominal coverage.';
comment on column results.similarity_intervals.estimate is 'Mean over the runs.';
comment on column results.similarity_intervals.sd is 'Standard deviation (n - 1) over folds or seeds; null for the other kinds.';
comment on column results.similarity_intervals.std_error is 'Standard error of the mean under that method; null where there is no interval.';
comment on column results.similarity_intervals.ci_low is 'Lower end of the interval, cut at the range of the measure.';
comment on column results.similarity_intervals.ci_high is 'Upper end of the interval, cut at the range of the measure.';
comment on column results.similarity_intervals.is_cut is 'Whether an end of the interval lay outside the range of the measure; null where there is no interval.';
comment on column results.similarity_intervals.unit is 'What is drawn anew: fold, seed or image; null for total.';
comment on column results.similarity_intervals.n_units is 'Folds, seeds or images; the images of all runs together. Null for total.';
comment on column results.similarity_intervals.n_runs is 'Runs in the cell.';
comment on column results.similarity_intervals.run_ids is 'Runs in the cell.';

create table results.forgetting (
    analysis_id varchar not null,
    origin varchar not null,
    study varchar not null,
    dataset varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    n_blocks integer,
    pooling varchar not null,
    head varchar not null,
    token varchar not null,
    n_neighbours integer not null,
    quantity varchar not null,
    uncertainty varchar not null check (uncertainty in ('fold', 'seed', 'stimulus', 'test_sample', 'total')),
    method varchar not null,
    level double not null,
    estimate double not null,
    accuracy_before double not null,
    accuracy_after double not null,
    std_error double,
    ci_low double,
    ci_high double,
    is_cut boolean,
    unit varchar,
    n_units integer,
    n_queries integer not null,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.forgetting is 'One row per fine-tuned cell, features, k, quantity and kind of uncertainty: what fine-tuning did to the vote of the neighbours on the source, query by query. Key: analysis_id, origin, study, dataset, backbone, pretraining, adaptation, n_blocks, pooling, head, token, n_neighbours, quantity, uncertainty, method.';
comment on column results.forgetting.analysis_id is 'Analysis.';
comment on column results.forgetting.origin is 'Origin of the runs.';
comment on column results.forgetting.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on column results.forgetting.dataset is 'Target dataset.';
comment on column results.forgetting.backbone is 'Architecture.';
comment on column results.forgetting.pretraining is 'Weights that the backbone starts from.';
comment on column results.forgetting.adaptation is 'What may change.';
comment on column results.forgetting.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise.';
comment on column results.forgetting.pooling is 'Features that the head takes.';
comment on column results.forgetting.head is 'linear or transformer.';
comment on column results.forgetting.token is 'Features behind the vote: cls, mean.';
comment on column results.forgetting.n_neighbours is 'k of the vote.';
comment on column results.forgetting.quantity is 'change (accuracy after less before) or retained (after over before).';
comment on column results.forgetting.uncertainty is 'What varies: test_sample (other queries, paired before and after), fold or seed (other runs), total (both: all runs see the same queries).';
comment on column results.forgetting.method is 'bca or jackknife (queries, or groups of them); nadeau_bengio, t (runs); sum (total); none where queries are too few or all alike.';
comment on column results.forgetting.level is 'Nominal coverage.';
comment on column results.forgetting.estimate is 'Mean over runs.';
comment on column results.forgetting.accuracy_before is 'Accuracy of the neighbours'' vote on the source before fine-tuning, mean over runs.';
comment on column results.forgetting.accuracy_after is 'The same after fine-tuning.';
comment on column results.forgetting.std_error is 'Standard error of the mean under that method; null where there is no interval.';
comment on column results.forgetting.ci_low is 'Lower end of the interval.';
comment on column results.forgetting.ci_high is 'Upper end of the interval.';
comment on column results.forgetting.is_cut is 'Whether an end of the interval lay outside [-1, 1] (change), or below 0 (retained); null where there is no interval.';
comment on column results.forgetting.unit is 'What is drawn anew: image, group, fold or seed; null for total.';
comment on column results.forgetting.n_units is 'Queries, groups, folds or seeds; null for total.';
comment on column results.forgetting.n_queries is 'Queries that every run saw before and after.';
comment on column results.forgetting.n_runs is 'Runs in the cell.';
comment on column results.forgetting.run_ids is 'Runs in the cell.';
