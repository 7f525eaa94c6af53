-- Interquartile means and probabilities of improvement say what their intervals are about: folds or seeds.

alter table results.rankings add column iqm_uncertainty varchar;
comment on column results.rankings.iqm_uncertainty is 'What the interval of the interquartile mean varies by: fold (correlated, as Nadeau and Bengio have it) or seed; null where there is no interval.';
alter table results.comparisons add column improvement_uncertainty varchar;
comment on column results.comparisons.improvement_uncertainty is 'What the interval of the improvement varies by: fold (correlated, as Nadeau and Bengio have it) or seed; null where there is no interval.';
comment on column results.rankings.iqm_low is 'Lower end of its interval (bootknife of folds or seeds within these datasets, t); null where a dataset has a single one, where datasets vary by different ones, or where no run differs.';
comment on column results.comparisons.improvement_low is 'Lower end of its interval (bootknife of folds or seeds within these datasets, t); null where a network has a single one on a dataset, where datasets vary by different ones, or where one wins all duels.';
