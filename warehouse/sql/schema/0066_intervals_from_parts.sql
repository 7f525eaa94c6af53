-- Intervals of measures that are not smooth in the data come from balanced thirds or halves of the images.

comment on column raw.similarities.ci_low is 'Lower end of the 95 % interval over images (or patients): jackknife; for canonical correlations, linear_predictivity, mean_representation and mutual_knn leaving out balanced thirds or halves of them (since version 66 of the schema; blocks before 65).';
comment on column results.similarity_intervals.method is 'nadeau_bengio (folds), t (seeds); of the stimuli jackknife (one run, as recorded), jackknife_independent (runs on images of their own), jackknife_bound (runs on the same images: an upper bound); sum (total).';
