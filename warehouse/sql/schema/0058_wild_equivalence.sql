-- Slopes shown to be small by a wild-cluster bootstrap.

comment on column results.slope_equivalences.method is 'ols (runs independent), cluster_cr3 (by dataset), wild_cluster (by dataset, bootstrap at both ends of the margin).';
comment on column results.slope_equivalences.p_value is 'Of equivalence: that the slope lies outside the margin (two one-sided tests, t or bootstrap; never below 2 ^ -datasets for the bootstrap).';
comment on column results.slope_equivalences.p_within is 'Posterior probability that the slope lies within the margin (t); null for the bootstrap.';
