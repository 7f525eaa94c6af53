-- Joint adjustments go step by step: what is found no longer stands in the way of the rest.

comment on column results.regressions.p_max_t is 'Adjusted in the family by the largest t of a joint wild bootstrap: since version 70 of the schema step-down (Romano and Wolf 2005), each slope with those of smaller t; in rows analysed before, single-step, which is never smaller. wild_cluster slopes only.';
comment on column results.dataset_slopes.p_adjusted is 'Share of permutations, the same for all layers, whose largest absolute t over datasets and layers is at least as large: since version 70 of the schema step-down (Romano and Wolf 2005), each slope with those of smaller t; in rows analysed before, single-step, which is never smaller.';
