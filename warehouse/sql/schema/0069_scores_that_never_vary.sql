-- Networks whose scores are the same on every dataset, as frozen ones on the source, have no interval of their ranks.

alter table results.rankings alter column rank_low drop not null;
alter table results.rankings alter column rank_high drop not null;
comment on column results.rankings.rank_low is 'Lower end of its interval: t over datasets; where all of these give one rank, a bound on the share that would not (Clopper and Pearson); null where every network has one score on all of several datasets.';
comment on column results.rankings.friedman_statistic is 'Chi-squared of the Friedman test of all networks; null below three, and where two or more have one score on all datasets: their order is then one observation, not one for each dataset.';
comment on column results.comparisons.std_error is 'Standard error under the method; null for one pair, and where the difference is the same in all pairs: there is then no test.';
comment on column results.comparisons.p_wilcoxon is 'Signed rank over datasets; null within a dataset, and where the difference is the same on all datasets.';
comment on column results.comparisons.p_first is 'Bayesian signed rank over datasets: probability that the first is better by more than the margin; null below three datasets, and where the difference is the same on all of them. No test: of networks that do not differ one side has more than 0.95 in 25 % of cases with 3 or 4 datasets, 19 % with 5, 11 % with 20.';
