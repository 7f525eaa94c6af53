-- What is known of a network before it is fine-tuned, as a predictor; and what other numbers of units would find.

create table results.projections_before (
    analysis_id varchar not null,
    origin varchar not null,
    study varchar not null,
    backbone varchar not null,
    pretraining varchar not null,
    adaptation varchar not null,
    pooling varchar not null,
    head varchar not null,
    split varchar not null,
    confidence_source varchar not null,
    token varchar not null,
    n_neighbours integer not null,
    score varchar not null,
    outcome varchar not null,
    status varchar not null,
    reason varchar,
    n_datasets integer not null,
    mean_error double,
    trivial_error double,
    skill double,
    n_better integer,
    level double not null,
    max_level double not null,
    half_width double,
    trivial_half_width double,
    coverage double,
    n_runs integer not null,
    run_ids varchar[] not null
);
comment on table results.projections_before is 'One row per network, score before fine-tuning and outcome: does the score predict the outcome on a dataset left out? Key: analysis_id, origin, study, backbone, pretraining, adaptation, pooling, head, split, confidence_source, token, n_neighbours, score, outcome.';
comment on column results.projections_before.analysis_id is 'Analysis.';
comment on column results.projections_before.origin is 'Origin of the runs.';
comment on column results.projections_before.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on column results.projections_before.backbone is 'Architecture; pooled when networks that start from different weights were fitted together.';
comment on column results.projections_before.pretraining is 'Weights that the backbone starts from; pooled when several were fitted together.';
comment on column results.projections_before.adaptation is 'What may change; pooled when several were fitted together.';
comment on column results.projections_before.pooling is 'Features that the head takes.';
comment on column results.projections_before.head is 'linear or transformer.';
comment on column results.projections_before.split is 'Predictor: images scored before the first step; source is the source probe, test the held-out fold.';
comment on column results.projections_before.confidence_source is 'Predictor: knn or head.';
comment on column results.projections_before.token is 'Predictor: features that were scored.';
comment on column results.projections_before.n_neighbours is 'Predictor: k of the k-NN vote; 0 where there is none.';
comment on column results.projections_before.score is 'Predictor: score of the network before the first step.';
comment on column results.projections_before.outcome is 'What is predicted, after fine-tuning; as in results.regressions.';
comment on column results.projections_before.status is 'fitted, abstains (too few datasets for the level) or undefined.';
comment on column results.projections_before.reason is 'Why there is no interval, or no prediction.';
comment on column results.projections_before.n_datasets is 'Datasets.';
comment on column results.projections_before.mean_error is 'Root mean squared error of the line, datasets left out.';
comment on column results.projections_before.trivial_error is 'The same of the mean of the other datasets.';
comment on column results.projections_before.skill is '1 - (mean_error / trivial_error)^2; at most 0 means that the score predicts nothing.';
comment on column results.projections_before.n_better is 'Datasets on which the line is better than the mean.';
comment on column results.projections_before.level is 'Wanted coverage of all runs of a new dataset.';
comment on column results.projections_before.max_level is 'Highest level that this number of datasets can promise.';
comment on column results.projections_before.half_width is 'Predictions plus or minus it hold with the level.';
comment on column results.projections_before.trivial_half_width is 'The same for the mean of the other datasets.';
comment on column results.projections_before.coverage is 'Share of datasets inside when calibrated on the others; null when those are too few.';
comment on column results.projections_before.n_runs is 'Runs behind the row.';
comment on column results.projections_before.run_ids is 'Runs behind the row.';

create table results.power_curves (
    analysis_id varchar not null,
    origin varchar not null,
    study varchar not null,
    split varchar not null,
    confidence_source varchar not null,
    n_neighbours integer not null,
    score varchar not null,
    dataset varchar,
    first varchar not null,
    second varchar not null,
    unit varchar not null,
    n_units integer not null,
    n_datasets integer not null,
    n_folds integer not null,
    n_seeds integer not null,
    is_current boolean not null,
    std_error double not null,
    df double not null,
    level double not null,
    power double not null,
    minimal_effect double not null,
    wanted_effect double not null,
    wanted_power double not null,
    n_units_needed integer
);
comment on table results.power_curves is 'One row per pair of networks, kind of unit and number of units: what a comparison of that size would find. Key: analysis_id, origin, study, split, confidence_source, n_neighbours, score, dataset, first, second, unit, n_units.';
comment on column results.power_curves.analysis_id is 'Analysis.';
comment on column results.power_curves.origin is 'Origin of the runs.';
comment on column results.power_curves.study is 'Study of the runs; several joined by + where none of them has a cell of another.';
comment on column results.power_curves.split is 'Images scored.';
comment on column results.power_curves.confidence_source is 'head or knn.';
comment on column results.power_curves.n_neighbours is 'k of the k-NN vote; 0 for the head.';
comment on column results.power_curves.score is 'Score; larger is better.';
comment on column results.power_curves.dataset is 'Null for the comparison across datasets; the dataset where the pair was run on one only.';
comment on column results.power_curves.first is 'First network.';
comment on column results.power_curves.second is 'Second network.';
comment on column results.power_curves.unit is 'What is added: dataset, fold or seed; the numbers of the other two stay as they are.';
comment on column results.power_curves.n_units is 'How many of it.';
comment on column results.power_curves.n_datasets is 'Datasets of this design.';
comment on column results.power_curves.n_folds is 'Folds of each dataset in this design.';
comment on column results.power_curves.n_seeds is 'Seeds of each fold in this design.';
comment on column results.power_curves.is_current is 'Whether this is the design of the runs at hand.';
comment on column results.power_curves.std_error is 'Standard error of the difference in this design, from the variance components of the differences at hand.';
comment on column results.power_curves.df is 'Degrees of freedom of its t test.';
comment on column results.power_curves.level is 'One minus the level of the two-sided test.';
comment on column results.power_curves.power is 'Wanted probability of finding an effect.';
comment on column results.power_curves.minimal_effect is 'Smallest true difference of scores that is found with that probability.';
comment on column results.power_curves.wanted_effect is 'Difference of scores that is asked for.';
comment on column results.power_curves.wanted_power is 'Probability that this design finds the wanted effect.';
comment on column results.power_curves.n_units_needed is 'Units that the wanted effect needs; null when no number is enough.';
