-- Scores that are fractions by definition, and are not between 0 and 1: percentages, or a value that is not a number.
select
    run_id,
    epoch,
    split,
    score,
    value
from raw.scores
where
    score in (
        'accuracy',
        'balanced_accuracy',
        'auc',
        'auc_ovr_weighted',
        'auc_ovr_macro',
        'map_macro',
        'recall_macro',
        'f1_macro',
        'ece_width_15',
        'ece_mass_15',
        'ece_smooth'
    )
    and (value < 0 or value > 1 or isnan(value))
