-- Functions whose parameters or results have changed, or which are gone. An older engine has not all
-- of them.
drop function if exists pgflow._advance(pgflow.step_ref[], pgflow.step_ref[], uuid[], int, uuid[]);
drop function if exists pgflow._claim_from(uuid, text, int);
drop function if exists pgflow._complete_steps(pgflow.task_ref[]);
drop function if exists pgflow._complete_tasks(uuid, pgflow.outcome[]);
drop function if exists pgflow._finish_runs(pgflow.step_ref[], uuid[]);
drop function if exists pgflow._message_keys(jsonb[]);
drop function if exists pgflow._read_due_messages(text, int);
drop function if exists pgflow._require_pg_cron();
drop function if exists pgflow._require_pg_net();
drop function if exists pgflow._settle_unstarted(uuid, text, bigint[], uuid[], text[], int[]);
drop function if exists pgflow._start_steps(pgflow.step_ref[], int);
drop function if exists pgflow._unlock_dependents(pgflow.step_ref[]);
