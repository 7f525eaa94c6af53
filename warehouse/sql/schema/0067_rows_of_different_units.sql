-- Measures that compare pairs of rows leave out those of one image (or patient).

comment on column raw.similarities.value is 'Value, never rounded, never clamped. Where an image (or patient) has several rows, measures of pairs of rows take rows of different ones only: cka_linear_debiased, and since version 67 of the schema cka_minibatch, mutual_knn and rsa.';
