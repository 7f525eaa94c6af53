-- One row per pair of networks on the same images: do they err together?
-- key: origin, study, dataset, fold, seed, first, second, method
select
    origin,
    study,
    dataset,
    fold,
    seed,
    first,
    second,
    method,
    observed,
    observed_low,
    observed_high,
    independent,
    independent_one_model,
    excess,
    excess_low,
    excess_high,
    kappa,
    kappa_low,
    kappa_high,
    level,
    n_images,
    run_ids,
    analysis_id
from results.agreements
qualify row_number() over (
    partition by
        origin, study, dataset, fold, seed, first, second, method
    order by abs(level - 0.95), analysis_id
) = 1
order by
    origin, study, dataset, fold, seed, first, second, method
