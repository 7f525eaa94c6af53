-- Was an interval narrowed by what a jackknife overstates where images are few?

alter table raw.similarities add column ci_variance_ratio double;
comment on column raw.similarities.ci_variance_ratio is 'What the squared standard error behind ci_low and ci_high was divided by, since a jackknife of few images overstates it: 1 where the interval was left as it is; null where there is no interval, and before version 72 of the schema, which left every interval as it is.';
comment on column raw.similarities.ci_low is 'Lower end of the 95 % interval over images (or patients): jackknife; for canonical correlations, linear_predictivity, mean_representation and shared neighbours (mutual_knn, knn_jaccard) leaving out balanced thirds or halves of them (since version 66 of the schema; blocks before 65), and with halves half the neighbours (since version 72; all of them before).';
