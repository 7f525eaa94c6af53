-- One row per set of runs: how many belong to the similarity space of Zu et al. at its thresholds.
-- reference_score: the best mean over runs of any network of the backbone; null where runs are held against another.
-- key: origin, study, dataset, backbone, pretraining, adaptation, n_blocks, variant, pooling, head, layer, token, probe, measure, score, reference_policy, divergence, eta, epsilon
with cells as (
    select
        scores.origin,
        sets.studies as study,
        scores.dataset,
        scores.backbone,
        scores.pooling,
        scores.head,
        if(scores.score = 'auc_ovr_weighted', 'auc', scores.score) as score,
        avg(scores.value order by scores.run_id) as mean_score
    from marts.final_scores as scores
    inner join staging.studies as sets on scores.origin = sets.origin and scores.study = sets.study
    where scores.split = 'test' and scores.confidence_source = 'head'
    group by
        scores.origin, sets.studies, scores.dataset, scores.backbone, scores.pretraining, scores.adaptation,
        scores.n_blocks, scores.variant, scores.pooling, scores.head, scores.score
),

best as (
    select
        origin,
        study,
        dataset,
        backbone,
        pooling,
        head,
        score,
        max(mean_score) as reference_score
    from cells
    group by origin, study, dataset, backbone, pooling, head, score
)

select
    sets.origin,
    sets.study,
    sets.dataset,
    sets.backbone,
    sets.pretraining,
    sets.adaptation,
    sets.n_blocks,
    sets.variant,
    sets.pooling,
    sets.head,
    sets.layer,
    sets.token,
    sets.probe,
    sets.measure,
    sets.score,
    sets.reference_policy,
    sets.divergence,
    sets.eta,
    sets.epsilon,
    if(sets.reference_policy = 'best', best.reference_score, null) as reference_score,
    sets.n_members,
    sets.n_runs,
    sets.fraction,
    sets.ci_low,
    sets.ci_high,
    sets.level,
    sets.run_ids,
    sets.analysis_id
from results.memberships as sets
left join best
    on
        sets.origin = best.origin
        and sets.study = best.study
        and sets.dataset = best.dataset
        and sets.backbone = best.backbone
        and sets.pooling = best.pooling
        and sets.head = best.head
        and sets.score = best.score
qualify row_number() over (
    partition by
        sets.origin, sets.study, sets.dataset, sets.backbone, sets.pretraining, sets.adaptation, sets.n_blocks,
        sets.variant, sets.pooling, sets.head, sets.layer, sets.token, sets.probe, sets.measure, sets.score,
        sets.reference_policy, sets.divergence, sets.eta, sets.epsilon
    order by abs(sets.level - 0.95), sets.analysis_id
) = 1
order by
    origin, study, measure, token, probe, score, reference_policy, divergence, dataset, adaptation, n_blocks, variant,
    pooling, head, backbone, pretraining, layer, eta, epsilon
