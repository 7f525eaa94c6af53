-- What the intervals of trajectories and memberships are.

comment on column results.trajectories.band_low is 'Lower end of the band that covers the whole mean trajectory (Sidak below 30 runs, bootstrap of runs from 30 on); null below three runs.';
comment on column results.trajectory_shapes.recovery_low is 'Lower end of its t interval over runs, for all epochs at once (Sidak), as the lowest of them was chosen.';
comment on column results.membership_probabilities.ci_low is 'Lower end of its Wilson interval, runs counted as trials.';
