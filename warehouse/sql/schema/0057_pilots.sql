-- How large effects and numbers of units may be, as the spread of few runs may be too small.

alter table results.detectable_effects add column minimal_effect_high double;
comment on column results.detectable_effects.minimal_effect_high is 'Smallest true difference found with at least that probability, were the spread as large as it may be (one-sided limit at level; Browne 1995).';
alter table results.detectable_effects add column n_units_needed_high bigint;
comment on column results.detectable_effects.n_units_needed_high is 'Units that the wanted effect needs, were the spread as large as it may be; null when no number is enough.';
comment on column results.detectable_effects.minimal_effect is 'Smallest true difference found with that probability, were the spread the one at hand: from few runs it is as often too small as too large.';
alter table results.power_curves add column minimal_effect_high double;
comment on column results.power_curves.minimal_effect_high is 'Smallest true difference found with at least that probability, were the spread as large as it may be (one-sided limit at level).';
alter table results.power_curves add column n_units_needed_high bigint;
comment on column results.power_curves.n_units_needed_high is 'Units that the wanted effect needs, were the spread as large as it may be; null when no number is enough.';
