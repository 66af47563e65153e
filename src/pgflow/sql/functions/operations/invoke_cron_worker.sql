-- Asks a one-batch worker to work on a batch of a flow, through pg_net, and does not wait for the
-- answer; returns the id of the request, under which pg_net keeps the answer for some hours. The
-- secret is read here, at each call, so that it stands in no job.
create or replace function pgflow.invoke_cron_worker(
  flow_slug text, url text, batch_size int default 10, max_concurrent int default 5
) returns bigint
language plpgsql
set search_path to ''
as $$
declare
  secret constant text := pgflow._auth_secret();
  request_id bigint;
  headers jsonb := jsonb_build_object('Content-Type', 'application/json');
  body constant jsonb := jsonb_build_object(
    'flow_slug', flow_slug, 'batch_size', batch_size, 'max_concurrent', max_concurrent
  );
begin
  perform pgflow._refuse_bad_order(flow_slug, url, batch_size, max_concurrent);
  if secret is not null then
    headers := headers || jsonb_build_object('Authorization', 'Bearer ' || secret);
  end if;
  perform pgflow._require_extension('pg_net');
  execute 'select net.http_post(url => $1, headers => $2, body => $3, timeout_milliseconds => $4)'
  into request_id using url, headers, body, 25000;
  return request_id;
end;
$$;
