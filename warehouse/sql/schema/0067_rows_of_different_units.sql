-- Measures that compare pairs of rows leave out those of one image (or patient).

comment on column raw.similarities.value is 'Value, never rounded, never clamped. Where an image (or patient) has several rows, measures of pairs of rows take rows of different ones only: cka_linear_debiased, and since version 67 of the schema cka_minibatch, knn_jaccard, mutual_knn and rsa.';
comment on column raw.similarities.ci_low is 'Lower end of the 95 % interval over images (or patients): jackknife; for canonical correlations, linear_predictivity, mean_representation and shared neighbours (mutual_knn, knn_jaccard) leaving out balanced thirds or halves of them (since version 66 of the schema; blocks before 65).';
