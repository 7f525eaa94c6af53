-- Of what a similarity was taken and when: images or patients, by the run itself or later.

alter table raw.similarities add column unit varchar;
comment on column raw.similarities.unit is 'What is paired at random, left out and counted in n_images: image, or group (patients). Null in rows of older versions: image, unless probing.unit in the run''s hyperparameters says group.';
alter table raw.similarities add column is_remeasured boolean;
comment on column raw.similarities.is_remeasured is 'Whether it was taken later, from kept activations; what the run itself recorded then stands in its similarities.parquet only. Null in rows of older versions.';
comment on column raw.similarities.n_images is 'Units behind the value: images, or patients where unit is group.';
