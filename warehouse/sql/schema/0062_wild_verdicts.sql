-- What a row of the bootstrap does not hold.

comment on column results.slope_equivalences.ci_low is 'Lower end of the interval; null for wild_cluster, whose interval is in results.regressions.';
