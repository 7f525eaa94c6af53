-- Slopes shown to be small are those of networks kept apart by depth and by variant, as in 0028.

alter table results.slope_equivalences add column n_blocks integer;
comment on column results.slope_equivalences.n_blocks is 'k of freeze_first_k and keep_first_k; null otherwise, and where adaptations are pooled.';
alter table results.slope_equivalences add column variant varchar default '';
alter table results.slope_equivalences alter column variant set not null;
alter table results.slope_equivalences alter column variant drop default;
comment on column results.slope_equivalences.variant is 'Settings in which runs of this network differ, as image_size 224, learning_rate 0.001; empty where they do not.';
comment on table results.slope_equivalences is 'One row per regression and method: is the slope of the outcome on similarity shown to be small? Key: analysis_id, origin, study, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, outcome, method.';
