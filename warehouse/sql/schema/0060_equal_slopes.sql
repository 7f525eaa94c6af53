-- Have the datasets of a regression one slope?

alter table results.sign_alarms add column slopes_sd double;
comment on column results.sign_alarms.slopes_sd is 'Standard deviation of the slopes within datasets, beyond what their errors make (by moments); null where no dataset has runs to judge them by.';
alter table results.sign_alarms add column slopes_p_value double;
comment on column results.sign_alarms.slopes_p_value is 'Of equal slopes in all datasets (analysis of covariance, F); not adjusted. Where it is small, a mixed model with one slope is too sure of itself.';
