-- One row per pair of networks, dataset and score; dataset null: across datasets.
-- key: origin, study, split, confidence_source, n_neighbours, score, dataset, first, second
select
    own.origin,
    own.study,
    own.split,
    own.confidence_source,
    own.n_neighbours,
    own.score,
    own.dataset,
    own.first,
    own.second,
    own.method,
    planned.minimal_effect,
    planned.power,
    own.estimate,
    own.std_error,
    own.df,
    own.ci_low,
    own.ci_high,
    own.level,
    own.p_value,
    own.family,
    own.family_size,
    own.p_adjusted,
    own.margin,
    own.p_equivalent,
    own.improvement,
    own.improvement_low,
    own.improvement_high,
    own.improvement_uncertainty,
    own.verdict,
    own.n_pairs,
    own.n_datasets,
    own.run_ids,
    own.analysis_id
from results.comparisons as own
left join results.detectable_effects as planned
    on
        own.origin = planned.origin
        and own.study = planned.study
        and own.split = planned.split
        and own.confidence_source = planned.confidence_source
        and own.n_neighbours = planned.n_neighbours
        and own.score = planned.score
        and own.dataset is not distinct from planned.dataset
        and own.first = planned.first
        and own.second = planned.second
        and own.method = planned.method
        and own.level = planned.level
qualify row_number() over (
    partition by
        own.origin, own.study, own.split, own.confidence_source, own.n_neighbours, own.score, own.dataset, own.first,
        own.second
    order by abs(own.level - 0.95), own.analysis_id, planned.analysis_id
) = 1
order by
    own.origin, own.study, own.split, own.confidence_source, own.n_neighbours, own.score, own.dataset, own.first,
    own.second
