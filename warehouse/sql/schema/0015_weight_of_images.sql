-- How many images a similarity rests on, and how much one of them weighs; what a run costs.

alter table raw.similarities add column n_effective double;
comment on column raw.similarities.n_effective is 'Independent rows that the rows of the run''s layer are worth: n_rows over the design effect of positions of one image (or patient); n_rows where every row is an image. Null when it was not computed.';
alter table raw.similarities add column top_image_influence double;
comment on column raw.similarities.top_image_influence is 'Largest change of the value when one image (or patient) is left out; null where the measure has no shortcut for it.';
comment on column raw.similarities.null_mean is 'Expected value when the images (or patients) are paired at random: the noise floor, in closed form or from permutations. Null when it was not computed.';
comment on column raw.similarities.null_p_value is 'Probability of a value at least as alike under random pairing.';
comment on column raw.similarities.ci_low is 'Lower end of the 95 % jackknife interval over images (or patients).';
comment on column raw.similarities.ci_high is 'Upper end of the 95 % jackknife interval over images (or patients).';
comment on column raw.timings.stage is 'train, evaluate, probe, or resample (permutations and blocks of the similarities at the selected epoch).';
