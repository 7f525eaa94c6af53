-- Panels of a claim are a family of tests; single runs leave a dataset without an interval of its IQM.

alter table results.claim_panels add column family varchar;
comment on column results.claim_panels.family is 'Tests that the p-value is adjusted with: the panels of the claim at the same rigour.';
alter table results.claim_panels add column family_size integer;
comment on column results.claim_panels.family_size is 'Number of tests in the family: panels with a p-value.';
alter table results.claim_panels add column p_adjusted double;
comment on column results.claim_panels.p_adjusted is 'Holm-adjusted in the family.';
alter table results.claim_panels add column p_false_discovery double;
comment on column results.claim_panels.p_false_discovery is 'Adjusted in the family for the expected share of false rejections (Benjamini and Hochberg).';

alter table results.rankings alter column iqm_low drop not null;
alter table results.rankings alter column iqm_high drop not null;
comment on column results.rankings.rank_low is 'Lower end of its interval: t over datasets; where all of these give one rank, a bound on the share that would not (Clopper and Pearson).';
comment on column results.rankings.iqm_low is 'Lower end of its interval (bootknife of runs within these datasets); null where a dataset has a single run.';
comment on column results.rankings.iqm_high is 'Upper end of its interval; null where the lower one is.';
comment on column results.comparisons.improvement_low is 'Lower end of its interval (bootknife of runs within these datasets); null where a network has a single run on one, or where one wins all duels.';
