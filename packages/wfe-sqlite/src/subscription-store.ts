import type { EventSubscription } from "wfe-core";
import { eventSubscription, type SubscriptionColumns } from "./rows.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { toText } from "./text.ts";

const COLUMNS = `s.id, w.id AS workflow_id, s.pointer_id, s.name, s.key, s.effective_date, s.activity, s.input, e.id AS event_id, s.token,
  s.worker_id, s.token_expires_at`;

const SELECT = `
  SELECT ${COLUMNS} FROM wfe_subscriptions s JOIN wfe_workflows w ON w.row = s.workflow LEFT JOIN wfe_events e ON e.arrival = s.event`;

// Served by wfe_subscriptions_open, in its order.
const REACHED = `${SELECT} WHERE s.name = ? AND s.key = ? AND s.event IS NULL AND (s.effective_date IS NULL OR s.effective_date <= ?)`;

// CROSS JOIN, so that no planner begins with the instances.
const first = (isOffered: string): string => `
  SELECT * FROM (SELECT s.row FROM wfe_subscriptions s CROSS JOIN wfe_workflows w ON w.row = s.workflow
    WHERE s.activity = ? AND s.event IS NULL AND ${isOffered} AND w.status = 'runnable' ORDER BY s.row LIMIT 1)`;

// Those that are claimed are not walked through.
const FIRST_OFFERED = `
  SELECT ${COLUMNS} FROM wfe_subscriptions s JOIN wfe_workflows w ON w.row = s.workflow LEFT JOIN wfe_events e ON e.arrival = s.event
  WHERE s.row = (SELECT min(row) FROM (${first("s.token IS NULL")} UNION ALL ${first("s.token IS NOT NULL AND s.token_expires_at <= ?")}))`;

/** Open subscriptions, and the claims of outside workers on them. */
export class SubscriptionStore {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  getSubscription(id: string): Promise<EventSubscription | undefined> {
    return this.#database.read((connection) => {
      const found = connection.sql<SubscriptionColumns>(`${SELECT} WHERE s.id = ?`).get(toText(id));
      return found === undefined ? undefined : eventSubscription(found);
    });
  }

  getSubscriptions(name: string, key: string, asOf: Date): Promise<readonly EventSubscription[]> {
    return this.#database.read((connection) =>
      connection.sql<SubscriptionColumns>(`${REACHED} ORDER BY s.row`).all(toText(name), toText(key), asOf.getTime()).map(eventSubscription),
    );
  }

  getFirstOpenSubscription(activity: string, now: Date): Promise<EventSubscription | undefined> {
    return this.#database.read((connection) => {
      const found = connection.sql<SubscriptionColumns>(FIRST_OFFERED).get(toText(activity), toText(activity), now.getTime());
      return found === undefined ? undefined : eventSubscription(found);
    });
  }

  setSubscriptionToken(id: string, token: string, workerId: string, expiresAt: Date, now: Date): Promise<boolean> {
    return this.#database.write(
      (connection) =>
        connection
          .sql(
            `UPDATE wfe_subscriptions SET token = ?, worker_id = ?, token_expires_at = ?
             WHERE id = ? AND event IS NULL AND (token IS NULL OR token_expires_at <= ?)`,
          )
          .run(toText(token), toText(workerId), expiresAt.getTime(), toText(id), now.getTime()).changes > 0,
    );
  }

  extendSubscriptionToken(id: string, token: string, expiresAt: Date, now: Date): Promise<boolean> {
    return this.#database.write(
      (connection) =>
        connection
          .sql("UPDATE wfe_subscriptions SET token_expires_at = ? WHERE id = ? AND event IS NULL AND token = ? AND token_expires_at > ?")
          .run(expiresAt.getTime(), toText(id), toText(token), now.getTime()).changes > 0,
    );
  }

  clearSubscriptionToken(id: string, token: string): Promise<boolean> {
    return this.#database.write(
      (connection) =>
        connection
          .sql("UPDATE wfe_subscriptions SET token = NULL, worker_id = NULL, token_expires_at = NULL WHERE id = ? AND token = ?")
          .run(toText(id), toText(token)).changes > 0,
    );
  }
}
