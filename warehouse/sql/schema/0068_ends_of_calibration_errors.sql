-- Means of calibration errors are biased, so that their intervals come from those of the runs.

comment on column results.intervals.method is 'nadeau_bengio (folds), t (seeds); of the test sample bootstrap (one run, as recorded), bootstrap_independent (runs on images of their own), bootstrap_bound (runs on the same images: an upper bound), bootstrap_ends (calibration errors of several runs: geometric mean of the lower and mean of the upper ends of the runs; since version 68 of the schema); sum (total).';
