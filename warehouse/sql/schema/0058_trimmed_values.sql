-- Does a similarity hang on a few images far from all others?

alter table raw.similarities add column trimmed_value double;
comment on column raw.similarities.trimmed_value is 'The value without the share of images (or patients) that lie farthest from the mean, in either layer (5 % unless the study says otherwise); null when it was not computed.';
