import type { SchemaNames } from "../../schema-names.ts";

/**
 * Sends lifecycle events, cut into payloads, to those who listen. Nothing is sent while nobody does: they share a lock, so that who gets it alone knows. That
 * costs a round trip and no more, where a notification is a commit under the lock that all notifications of a server share. It is committed without
 * waiting for the disk, as nothing is stored. One transaction is heard in one piece. With no payloads it only says whether there is somebody.
 */
export const lifecycleSql = (names: SchemaNames): string => `
CREATE FUNCTION ${names.routine.tell_lifecycle_v1}(payloads_ text[]) RETURNS TABLE (is_heard boolean) LANGUAGE plpgsql SET jit TO off SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
  is_heard := NOT pg_try_advisory_xact_lock(${names.lifecycleLock});
  RETURN NEXT;
  IF NOT is_heard THEN RETURN; END IF;
  -- The rest is for hints of the queue, which somebody waits for.
  IF pg_notification_queue_usage() >= 0.8 THEN
    RAISE EXCEPTION 'the queue of notifications of the server is nearly full: a session that listens does not read';
  END IF;
  PERFORM set_config('synchronous_commit', 'off', true);
  FOR place IN 1 .. cardinality(payloads_) LOOP
    PERFORM pg_notify('${names.lifecycleChannel}', payloads_[place]);
  END LOOP;
END $$;`;
