-- One row per recorded similarity, with its place between chance and identity.
-- calibrated_value: Share of the way from chance (null_mean: 0) to the same layer twice (1). Null where one is unknown.
-- key: run_id, epoch, layer, token, reference, reference_run_id, reference_layer, probe, measure
select
    run_id,
    epoch,
    layer,
    token,
    reference,
    reference_run_id,
    reference_layer,
    probe,
    measure,
    value,
    null_mean,
    case
        when measure in ('angular_cka', 'procrustes') then 1 - value / null_mean
        when measure in (
            'cca_mean',
            'cca_mean_juodelyte',
            'cca_mean_juodelyte_images',
            'cca_yanai',
            'cka_linear',
            'cka_linear_debiased',
            'cka_minibatch',
            'cka_rbf',
            'knn_jaccard',
            'linear_predictivity',
            'mutual_knn',
            'pwcca',
            'rsa',
            'svcca'
        ) then (value - null_mean) / (1 - null_mean)
    end as calibrated_value,
    null_sd,
    null_p_value,
    ci_low,
    ci_high,
    ci_variance_ratio,
    unit,
    n_images,
    n_rows,
    n_features,
    n_features_reference,
    n_effective,
    top_image_influence,
    trimmed_value,
    effective_rank,
    top_component_share,
    is_remeasured
from raw.similarities
