-- Intervals of canonical correlations and shared neighbours come from balanced halves of the images.

comment on column raw.similarities.ci_low is 'Lower end of the 95 % interval over images (or patients): jackknife; since version 65 of the schema balanced halves of them for canonical correlations and mutual_knn.';
comment on column raw.similarities.ci_high is 'Upper end of the 95 % interval over images (or patients), as ci_low.';
comment on column results.similarity_intervals.method is 'nadeau_bengio (folds), t (seeds); of the stimuli jackknife (one run, as recorded: leaving out images, or from halves of them), jackknife_independent (runs on images of their own), jackknife_bound (runs on the same images: an upper bound); sum (total).';
