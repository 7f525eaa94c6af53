-- What a network costs: operations, steps until it is best, seconds of a forward pass.

alter table raw.runs add column n_flops bigint;
comment on column raw.runs.n_flops is 'Floating-point operations of one image''s forward pass, 2 per multiply-add of convolutions and matrix products; null when they were not counted.';
alter table raw.runs add column n_iterations_to_best integer;
comment on column raw.runs.n_iterations_to_best is 'Optimiser steps until the lowest loss on the validation images, over all phases; null without training, or when it was not recorded.';
comment on column raw.timings.stage is 'train, evaluate, probe, resample (permutations and blocks of the similarities at the selected epoch), forward_median or forward_percentile_95 (one forward pass of n_images images after warm-up).';
comment on column raw.scores.value is 'Value, never rounded; fractions in [0, 1], but for loss, nll and logme.';
comment on column raw.scores.score is 'Score with its averaging and bins in the name: accuracy, auc, auc_ovr_weighted, ece_width_15 ...; logme is the log evidence of a linear model per training image, before fine-tuning (epoch 0).';
