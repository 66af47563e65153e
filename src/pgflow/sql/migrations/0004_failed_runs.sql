-- Whoever looks for runs that went wrong shall not read those that went well.
create index runs_gone_wrong on pgflow.runs (flow_slug, started_at)
where status in ('failed', 'cancelled');
