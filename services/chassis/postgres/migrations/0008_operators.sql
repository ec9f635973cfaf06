-- What an operator's own role, `<service>_operator`, sees and does: envelopes, never what they hold. What is not named here
-- is refused: documents, profiles, the audit, answers, secrets, and every table that is made later.

-- Parked records as they are shown, over HTTP too. A record that could not be read may hold anything, in its key and in headers
-- that no contract knows as well: of text that is no short token as all of ours are, only the length is told. Names of
-- headers are told. Half a surrogate pair, as bytes that are no text are kept, and a zero character are no text in PostgreSQL;
-- they count as one character each. `head`: the first of its key's queue, or a queue of its own. `waiting`: how many records
-- of its key are queued behind it.
create view parked_envelope as
select p.id, p.topic, p.partition, p.record_offset,
       case when p.key ~ '^[A-Za-z0-9:+/._;=,-]{0,200}$' then p.key
            else '(' || length(p.key) || ' characters, not shown)' end as key,
       case when p.type ~ '^[A-Za-z0-9:+/._;=,-]{0,200}$' then p.type
            else '(' || length(p.type) || ' characters, not shown)' end as type,
       p.sequence, p.failure, p.detail, p.attempts, p.state, p.parked_at, p.decided_at, p.decided_by, p.reason,
       p.updated_at, p.blocks,
       not p.blocks or not exists (
           select from parked e
           where e.topic = p.topic and e.key = p.key and e.blocks and e.state <> 'discarded' and e.id < p.id
       ) as head,
       (select count(*) from parked w
        where p.blocks and w.topic = p.topic and w.key = p.key and w.blocks and w.state <> 'discarded' and w.id > p.id
       ) as waiting,
       (select coalesce(json_agg(json_build_array(
               header ->> 0,
               case when header ->> 0 in (
                       'content-type', 'ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_subject', 'ce_time',
                       'ce_recordedtime', 'ce_dataschema', 'ce_sequence', 'ce_sequencetype', 'ce_partitionkey',
                       'ce_correlationid', 'ce_causationid', 'ce_traceparent', 'ce_tracestate', 'ce_actorrole',
                       'ce_actororg', 'ce_dataclass', 'ce_country')
                    and header ->> 1 ~ '^[A-Za-z0-9:+/._;=,-]{0,200}$' then header ->> 1
                    else '(' || length(header ->> 1) || ' characters, not shown)' end)
           order by place), '[]')
        from json_array_elements(
            regexp_replace(p.headers::text, '\\u(0000|d[89a-f][0-9a-f]{2})', '\\ufffd', 'gi')::json
        ) with ordinality as listed(header, place)
       ) as headers,
       coalesce(p.size, octet_length(p.payload), 0) as payload_bytes
from parked p;

-- Waiting events. The id is a header of the record, the only place with these bytes (chassis/outbox/records.py); the number
-- is the end of it.
create view outbox_envelope as
select id, topic, key, created_at,
       case when position('\x0a63655f6964'::bytea in record) = 0 then ''
            else encode(substring(record from position('\x0a63655f6964'::bytea in record) + 7
                                  for get_byte(record, position('\x0a63655f6964'::bytea in record) + 5) / 2), 'escape')
       end as event_id,
       substring(record from octet_length(record) - 19) as tail
from outbox;

do $$
declare
    operator name := regexp_replace(current_user, '_migrator$', '_operator');
    granted text;
begin
    if operator = current_user or to_regrole(quote_ident(operator)) is null then
        return;  -- these roles are not set up here
    end if;
    foreach granted in array array[
        'select on parked_envelope, outbox_envelope, stream, lineage, halt, reconciliation, progress, missed',
        'update (state, decided_at, decided_by, reason, updated_at) on parked_envelope',
        'select (source, key, sequence, open, last_recorded, blocked) on position',
        'select (name, role, org, due_at, approaches_at, level, missed, changed_at) on deadline',
        'select (name, looks, looked_at) on deadline_kind',
        'select (id, asked_at, asked_by, reason, kind, ended_at, report) on retention_run',
        'insert (asked_at, asked_by, reason) on retention_run'
    ] loop
        execute format('grant %s to %I', granted, operator);
    end loop;
end $$;
