-- Sends an empty POST request through pg_net, which answers later; returns its request id.
create or replace function pgflow._post(url text, headers jsonb) returns bigint
language plpgsql
set search_path to ''
as $$
declare
  request_id bigint;
begin
  perform pgflow._require_extension('pg_net');
  execute 'select net.http_post(url => $1, headers => $2, body => $3)'
  into request_id using url, headers, '{}'::jsonb;
  return request_id;
end;
$$;
