-- How sure a score is on the images that it was taken on; raw.similarities has the like in its own columns.

create table raw.score_intervals (
    run_id varchar not null,
    epoch integer,
    split varchar not null check (split in ('train', 'validation', 'test', 'source')),
    confidence_source varchar not null check (confidence_source in ('head', 'knn')),
    token varchar not null,
    n_neighbours integer not null,
    score varchar not null,
    std_error double,
    ci_low double,
    ci_high double,
    level double not null,
    n_resamples integer,
    unit varchar not null check (unit in ('image', 'group')),
    n_units integer not null
);
comment on table raw.score_intervals is 'One row per score whose interval over images or patients was taken with it: the network is as it is, the images could have been others. Key: run_id, epoch, split, confidence_source, token, n_neighbours, score.';
comment on column raw.score_intervals.run_id is 'Run.';
comment on column raw.score_intervals.epoch is 'Completed epochs; 0 is before the first step, null the end of an imported run that does not say.';
comment on column raw.score_intervals.split is 'Images scored, as in raw.scores.';
comment on column raw.score_intervals.confidence_source is 'head or knn, as in raw.scores.';
comment on column raw.score_intervals.token is 'Features behind the probabilities, as in raw.scores.';
comment on column raw.score_intervals.n_neighbours is 'k of the k-NN vote; 0 for the head.';
comment on column raw.score_intervals.score is 'Score, as in raw.scores.';
comment on column raw.score_intervals.std_error is 'Standard deviation of the score over resamples of the units.';
comment on column raw.score_intervals.ci_low is 'Lower end of the bootstrap interval.';
comment on column raw.score_intervals.ci_high is 'Upper end of the bootstrap interval.';
comment on column raw.score_intervals.level is 'Coverage of the interval.';
comment on column raw.score_intervals.n_resamples is 'Resamples behind it.';
comment on column raw.score_intervals.unit is 'What is resampled: image, or group (patient) where groups are known: images of a group vary together.';
comment on column raw.score_intervals.n_units is 'Images, or groups.';
