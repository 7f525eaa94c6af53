-- The effect of a pair comes from the runs of both sides.

comment on column results.claim_panels.run_ids is 'Runs behind the effect; of pairs those of both sides, and of their starts.';
