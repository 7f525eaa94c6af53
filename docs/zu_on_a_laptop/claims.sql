-- One row per claim of Zu et al. and rigour: the verdict.
select claim, rigour, verdict from results.claims order by all
