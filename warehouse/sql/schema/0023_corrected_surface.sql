-- The surface of the similarity space once the similarity of unrelated representations counts as none.

alter table results.membership_surfaces add column fraction_corrected double;
comment on column results.membership_surfaces.fraction_corrected is 'Share of members with a similarity of at least 1 - eta (1 - their own noise floor); null where a run has no floor.';
