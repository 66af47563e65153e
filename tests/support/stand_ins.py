"""Stand-ins for extensions that the tests' server lacks, with the columns that are read of them."""

from __future__ import annotations

from typing import LiteralString

PG_CRON: LiteralString = """
create schema cron;
create table cron.job (jobid bigint generated always as identity, jobname text, schedule text,
  command text, active boolean default true);
create table cron.job_run_details (runid bigint generated always as identity, jobid bigint,
  status text, return_message text, start_time timestamptz, end_time timestamptz);
create function cron.schedule(job text, schedule text, command text) returns bigint
language plpgsql as $$
begin
  if schedule !~ '^(\\d+ seconds?|\\S+ \\S+ \\S+ \\S+ \\S+)$' then
    raise exception using message = 'invalid schedule', errcode = 'invalid_parameter_value';
  end if;
  insert into cron.job (jobname, schedule, command) values (job, schedule, command);
  return lastval();
end;
$$;
create function cron.unschedule(id bigint) returns boolean language sql as $$
  delete from cron.job where jobid = id returning true
$$;
"""

# pg_net answers after the commit: until then there is a request, and no answer.
PG_NET: LiteralString = """
create schema net;
create table net.requests (id bigint generated always as identity, url text, body jsonb,
  headers jsonb, timeout_milliseconds int);
create table net._http_response (id bigint, status_code int, content text, error_msg text,
  created timestamptz default clock_timestamp());
create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}',
  timeout_milliseconds int default 5000)
returns bigint language sql as $$
  insert into net.requests (url, body, headers, timeout_milliseconds)
  values (url, body, headers, timeout_milliseconds) returning id
$$;
"""

# The same signature, and the request is really sent; needs the extension plpython3u.
SENDING_PG_NET: LiteralString = """
create schema net;
create sequence net.request_ids;
create table net._http_response (id bigint, status_code int, content text, error_msg text,
  created timestamptz default clock_timestamp());
create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}',
  timeout_milliseconds int default 5000)
returns bigint language plpython3u as $$
import json, urllib.error, urllib.request
number = plpy.execute("select nextval('net.request_ids') as id")[0]["id"]
request = urllib.request.Request(url, body.encode(), json.loads(headers), method="POST")
status, content, problem = None, None, None
try:
    with urllib.request.urlopen(request, timeout=timeout_milliseconds / 1000) as answer:
        status, content = answer.status, answer.read().decode()
except urllib.error.HTTPError as error:
    status, content = error.code, error.read().decode()
except OSError as error:
    problem = str(error)
insert = plpy.prepare(
    "insert into net._http_response (id, status_code, content, error_msg) values ($1, $2, $3, $4)",
    ["bigint", "int", "text", "text"],
)
plpy.execute(insert, [number, status, content, problem])
return number
$$;
"""

VAULT: LiteralString = """
create schema vault;
create table vault.decrypted_secrets (name text, decrypted_secret text);
"""
