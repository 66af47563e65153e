-- Sends an empty POST request through pg_net, which answers later; returns its request id.
create or replace function pgflow._post(url text, headers jsonb) returns bigint
language plpgsql
set search_path to ''
as $$
declare
  request_id bigint;
begin
  if to_regnamespace('net') is null then
    raise exception 'extension pg_net is not installed' using
      errcode = 'feature_not_supported', hint = 'Install it with: create extension pg_net';
  end if;

  execute 'select net.http_post(url => $1, headers => $2, body => $3)'
  into request_id using url, headers, '{}'::jsonb;
  return request_id;
end;
$$;
