-- The roles of an installation, without login: grant them to the users of your programs. Roles belong
-- to the server, so another database, or somebody at the same moment, may have made them; what
-- they may do in this database is granted by the files in privileges/.
do $$
declare
  made record;
begin
  for made in
    select * from (values
      ('pgflow_viewer', 'pgflow: reads definitions, runs and workers'),
      ('pgflow_client', 'pgflow: starts, cancels, retries and watches runs, and reads'),
      ('pgflow_worker', 'pgflow: works, and writes through functions of the engine only')
    ) as r (name, purpose)
    where not exists (select from pg_catalog.pg_roles p where p.rolname = r.name)
  loop
    begin
      execute format('create role %I nologin', made.name);
      execute format('comment on role %I is %L', made.name, made.purpose);
    exception
      when duplicate_object or unique_violation then null;
    end;
  end loop;
end;
$$;
