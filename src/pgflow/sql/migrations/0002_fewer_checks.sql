-- Each check is compiled anew for every statement that writes its table. Those that say one thing together
-- become one; at_most_one_end of a run followed from end_matches_status already.
alter table pgflow.runs drop constraint at_most_one_end;

alter table pgflow.step_states
  drop constraint remaining_tasks_is_nonnegative,
  drop constraint initial_tasks_is_nonnegative,
  drop constraint remaining_deps_is_nonnegative,
  drop constraint skip_reason_is_valid,
  drop constraint skip_reason_matches_status,
  drop constraint at_most_one_end,
  drop constraint starts_after_created,
  drop constraint ends_after_start,
  add constraint counts_are_nonnegative check (
    remaining_tasks >= 0 and initial_tasks >= 0 and remaining_deps >= 0
  ),
  add constraint skip_reason_matches_status check (
    case
      when status = 'skipped' then coalesce(
        skip_reason in ('condition_unmet', 'handler_failed', 'dependency_skipped'), false
      )
      else skip_reason is null
    end
  ),
  add constraint times_are_in_order check (
    num_nonnulls(completed_at, failed_at, skipped_at) <= 1
    and coalesce(started_at, created_at) >= created_at
    and coalesce(completed_at, failed_at, skipped_at, started_at, created_at)
      >= coalesce(started_at, created_at)
  );

alter table pgflow.step_tasks
  drop constraint task_index_is_nonnegative,
  drop constraint requeued_count_is_nonnegative,
  drop constraint attempts_count_is_nonnegative,
  drop constraint at_most_one_end,
  drop constraint starts_after_queued,
  drop constraint ends_after_start,
  add constraint counts_are_nonnegative check (
    task_index >= 0 and attempts_count >= 0 and requeued_count >= 0
  ),
  add constraint times_are_in_order check (
    num_nonnulls(completed_at, failed_at) <= 1
    and coalesce(started_at, queued_at) >= queued_at
    and coalesce(completed_at, failed_at, started_at, queued_at) >= coalesce(started_at, queued_at)
  );
