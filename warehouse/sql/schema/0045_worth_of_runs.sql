-- What the runs of a share of members are worth, intervals of surfaces, and what a probability means.

alter table results.memberships add column n_effective double;
comment on column results.memberships.n_effective is 'Independent runs that would say as much: 1 / (1 / folds + n_test / n_train) over folds, all runs over seeds.';
comment on column results.memberships.ci_low is 'Lower end of its exact binomial interval (Clopper and Pearson) with n_effective trials: runs trained anew, on the same images where all runs saw the same.';
comment on column results.memberships.ci_high is 'Upper end of the interval of the fraction.';
alter table results.membership_probabilities add column n_effective double;
comment on column results.membership_probabilities.n_effective is 'Independent runs that would say as much: 1 / (1 / folds + n_test / n_train) over folds, all runs over seeds.';
comment on column results.membership_probabilities.probability is 'Chance that a run drawn anew, with images drawn anew, is a member. The images count twice, in what is seen and in the draw: it lies between the true chance and one half.';
comment on column results.membership_probabilities.ci_low is 'Lower end of its interval: exact binomial with n_effective trials, joined with the images where all runs saw the same.';
alter table results.membership_surfaces add column level double;
comment on column results.membership_surfaces.level is 'Coverage.';
alter table results.membership_surfaces add column ci_low double;
comment on column results.membership_surfaces.ci_low is 'Lower end of the exact binomial interval of fraction with n_effective trials: above one half, at least half of all runs are shown to belong.';
alter table results.membership_surfaces add column ci_high double;
comment on column results.membership_surfaces.ci_high is 'Upper end of the interval of fraction.';
alter table results.membership_surfaces add column n_effective double;
comment on column results.membership_surfaces.n_effective is 'Independent runs that would say as much: 1 / (1 / folds + n_test / n_train) over folds, all runs over seeds.';
comment on column results.membership_surfaces.n_units is 'Runs, or folds and seeds that were run on every dataset.';
comment on column results.membership_surfaces.scope is 'dataset; intersection (member on every dataset: the global space of Zu et al., eq. 6); union (on any). Folds and seeds that lack a dataset are left out of the latter two.';
comment on column results.membership_surfaces.is_frontier is 'Whether this is the smallest eta of its epsilon at which at least half of the runs at hand belong; an estimate, see ci_low and ci_high.';
