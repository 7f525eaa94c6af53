-- Trajectories are taken over the epochs that all runs of a cell have, and say what they leave out.

alter table results.trajectories add column n_runs_left_out bigint;
comment on column results.trajectories.n_runs_left_out is 'Runs of the cell without any value of the measure, which are left out; null in analyses before version 69 of the schema, when runs that lacked an epoch of the others were left out as well.';
alter table results.trajectories add column epochs_left_out bigint[];
comment on column results.trajectories.epochs_left_out is 'Epochs that a run of the cell lacks (the best epoch of another run, those after it stopped), which are left out.';
alter table results.trajectory_shapes add column n_runs_left_out bigint;
comment on column results.trajectory_shapes.n_runs_left_out is 'Runs of the cell without any value of the measure, which are left out; null in analyses before version 69 of the schema, when runs that lacked an epoch of the others were left out as well.';
alter table results.trajectory_shapes add column epochs_left_out bigint[];
comment on column results.trajectory_shapes.epochs_left_out is 'Epochs that a run of the cell lacks (the best epoch of another run, those after it stopped), which are left out.';
