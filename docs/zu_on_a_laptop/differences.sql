-- One row per dataset, pair of pre-trainings and block: whose CLS token stays more similar to its start (CLS heads).
select
    dataset,
    string_split(first, ' / ')[2] as first_pretraining,
    string_split(second, ' / ')[2] as second_pretraining,
    layer, estimate, ci_low, ci_high, p_value, p_false_discovery, family_size, n_pairs
from results.similarity_differences
where
    token = 'cls' and probe = 'source'
    and first like '% / full / cls / linear' and second like '% / full / cls / linear'
order by all
