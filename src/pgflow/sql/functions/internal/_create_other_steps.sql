-- Gives a new run the steps that it does not have yet, with what they wait for, and counts them.
create or replace function pgflow._create_other_steps(flow_slug text, run_id uuid) returns void
language plpgsql
set search_path to ''
as $$
declare
  created int;
begin
  insert into pgflow.step_states (flow_slug, run_id, step_slug, remaining_deps, initial_tasks)
  select
    s.flow_slug, r.run_id, s.step_slug,
    (
      select count(*) from pgflow.deps d
      where d.flow_slug = s.flow_slug and d.step_slug = s.step_slug and not exists (
        select from pgflow.step_states p where p.run_id = r.run_id and p.step_slug = d.dep_slug
      )
    ),
    case
      when s.step_type = 'single' then 1
      when s.deps_count = 0 then jsonb_array_length(r.input)
      else (
        select case when p.status = 'skipped' then 0 else jsonb_array_length(p.output) end
        from pgflow.deps d
        join pgflow.step_states p on p.run_id = r.run_id and p.step_slug = d.dep_slug
        where d.flow_slug = s.flow_slug and d.step_slug = s.step_slug
      )
    end
  from pgflow.runs r
  join pgflow.steps s on s.flow_slug = r.flow_slug
  where r.run_id = _create_other_steps.run_id and not exists (
    select from pgflow.step_states p where p.run_id = r.run_id and p.step_slug = s.step_slug
  );
  get diagnostics created = row_count;

  update pgflow.runs r set remaining_steps = created where r.run_id = _create_other_steps.run_id;
end;
$$;
