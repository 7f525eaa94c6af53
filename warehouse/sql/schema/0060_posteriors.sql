-- How sure the posterior over datasets is of networks that do not differ.

comment on column results.comparisons.p_first is 'Bayesian signed rank over datasets: probability that the first is better by more than the margin; null below three datasets. No test: of networks that do not differ one side has more than 0.95 in 25 % of cases with 3 or 4 datasets, 19 % with 5, 11 % with 20.';
comment on column results.memberships.reference_policy is 'Score that a run is held against: best, linear or scratch. With best, the runs of the best network are held against their own mean.';
