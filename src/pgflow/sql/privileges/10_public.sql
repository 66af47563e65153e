-- Nothing is granted to PUBLIC. PostgreSQL lets everybody execute a new function unless told otherwise.
revoke all on all functions in schema pgflow from public;
revoke all on all tables in schema pgflow from public;
