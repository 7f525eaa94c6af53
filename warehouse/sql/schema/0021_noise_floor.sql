-- How the similarity space looks once the similarity of unrelated representations counts as none.

alter table results.memberships add column noise_floor double;
comment on column results.memberships.noise_floor is 'Mean similarity when images are paired at random; null where a run has none.';
alter table results.memberships add column eta_corrected double;
comment on column results.memberships.eta_corrected is 'eta times 1 - noise_floor: the same share of the way from equal to unrelated.';
alter table results.memberships add column n_members_corrected integer;
comment on column results.memberships.n_members_corrected is 'Runs with a similarity of at least 1 - eta (1 - their own floor) and a score within epsilon.';
alter table results.memberships add column fraction_corrected double;
comment on column results.memberships.fraction_corrected is 'n_members_corrected / n_runs.';
