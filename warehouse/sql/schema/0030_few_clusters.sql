-- Errors of few clusters by CR2 with Satterthwaite's degrees of freedom, and networks crossed with datasets.

comment on column results.regressions.method is 'Inference: ols (independent runs), hc3 (unequal variances), cluster_cr1, cluster_cr2 (with the degrees of freedom of Satterthwaite) and cluster_cr3 (dependent within datasets), wild_cluster (bootstrap t, its interval by inversion), mixed (random intercept per dataset), crossed (random intercepts per dataset and per pretraining, which is then pooled). Other fits: within and between (datasets), theil_sen, huber, without_outliers, spearman, spearman_datasets.';
comment on column results.slope_differences.method is 'Inference: ols, cluster_cr1, cluster_cr2, cluster_cr3, wild_cluster.';
