-- What the intervals of agreements are, and rows over folds or seeds.

comment on column results.agreements.method is 'jeffreys (over the images or patients of one fold and seed, the networks as they are); nadeau_bengio (over folds) or t (over seeds), networks trained anew.';
comment on column results.agreements.observed_low is 'Lower end of its interval: for jeffreys, Beta(1/2, 1/2) with as many images as the patients are worth.';
comment on column results.agreements.excess_low is 'Lower end of its interval: for jeffreys, from Dirichlet(1/2, ...) of the table of both right, one, the other, none.';
comment on column results.agreements.kappa is 'Error consistency: 0 is chance, 1 the same errors; null when it was not logged or both networks are always right, and over folds when one of them has none. 0 by definition where one network is always right: see the interval.';
comment on column results.agreements.kappa_low is 'Lower end of its interval, taken as that of excess.';
comment on column results.agreements.n_images is 'Images of the fold; null for rows over folds or seeds.';
