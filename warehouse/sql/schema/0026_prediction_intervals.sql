-- Intervals for a new dataset that cover at least their level: jackknife-minmax by dataset.

comment on column results.projections.half_width is 'Half the length of the interval for all runs of a new dataset, on average over datasets (jackknife-minmax: covers at least the level).';
comment on column results.projections.trivial_half_width is 'The same for the mean of the other datasets.';
comment on column results.projections.coverage is 'Share of datasets whose runs all lie in the intervals that the others give, made without them.';
comment on column results.projections_before.half_width is 'Half the length of the interval for all runs of a new dataset, on average over datasets (jackknife-minmax: covers at least the level).';
comment on column results.projections_before.trivial_half_width is 'The same for the mean of the other datasets.';
comment on column results.projections_before.coverage is 'Share of datasets whose runs all lie in the intervals that the others give, made without them.';
