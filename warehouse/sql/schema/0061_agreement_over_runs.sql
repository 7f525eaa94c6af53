-- Agreement over folds and seeds, from the sum of their tables of right and wrong.

comment on column results.agreements.method is 'jeffreys (over the images or patients of one fold and seed, the networks as they are); jeffreys_folds, jeffreys_seeds (networks trained anew, with as many images as the folds or seeds are worth); nadeau_bengio, t (the same, of logged values).';
comment on column results.agreements.observed is 'Share of images that both get right or both get wrong; over folds or seeds, of all their images.';
comment on column results.agreements.kappa is 'Error consistency: 0 is chance, 1 the same errors; null when it was not logged or both networks are always right. Over folds or seeds that of the sum of their tables: the mean over folds of few errors lies too low. 0 by definition where one network is always right: see the interval.';
