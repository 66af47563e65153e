-- The last answers of one-batch workers to requests for a flow, the newest first. pg_net does not tell
-- whose request an answer belongs to: those that name no flow at all, such as time-outs, are shown
-- for every flow. Only the answer with `request_id`, when that is given.
create or replace function pgflow.cron_answers(
  flow_slug text, quantity int default 5, request_id bigint default null
)
returns table (answered_at timestamptz, status_code int, answer text)
language plpgsql stable
set search_path to ''
as $$
begin
  perform pgflow._require_extension('pg_net');
  return query execute
    'select r.created, r.status_code, coalesce(r.error_msg, r.content)
    from net._http_response r
    where case
      when $3 is not null then r.id = $3
      else strpos(r.content, format(''"flow_slug":"%s"'', $1)) > 0
        or strpos(coalesce(r.content, ''''), ''"flow_slug":"'') = 0
    end
    order by r.id desc limit $2' using flow_slug, quantity, request_id;
end;
$$;
