-- Analyses of which results of more than one version are there, as older versions of repdrift kept them;
-- running the analysis again keeps the new ones.
select
    name,
    count(*) as n_versions
from results.analyses
group by name
having count(*) > 1
order by name
