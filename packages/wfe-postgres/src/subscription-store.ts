import type { EventSubscription } from "wfe-core";
import type { PostgresDatabase } from "./postgres-database.ts";
import { eventSubscription, type SubscriptionColumns } from "./rows.ts";
import { toText } from "./text.ts";
import { activityTopic, topicOf } from "./topic.ts";

/** Open subscriptions, and the claims of outside workers on them. */
export class SubscriptionStore {
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  get #select(): string {
    const { subscriptions, workflows, events } = this.#database.names.table;
    return `SELECT s.id, w.id AS workflow_id, s.pointer_id, s.name, s.key, s.effective_date, s.activity, s.input, e.id AS event_id, s.token,
        s.worker_id, s.token_expires_at
      FROM ${subscriptions} s JOIN ${workflows} w ON w.row = s.workflow LEFT JOIN ${events} e ON e.arrival = s.event`;
  }

  async getSubscription(id: string): Promise<EventSubscription | undefined> {
    const [found] = await this.#database.query<SubscriptionColumns>(`${this.#select} WHERE s.id = $1`, [toText(id)]);
    return found === undefined ? undefined : eventSubscription(found);
  }

  async getSubscriptions(name: string, key: string, asOf: Date): Promise<readonly EventSubscription[]> {
    const rows = await this.#database.query<SubscriptionColumns>(
      `${this.#select} WHERE s.topic = $1 AND s.name = $2 AND s.key = $3 AND s.event IS NULL AND (s.effective_date IS NULL OR s.effective_date <= $4)
       ORDER BY s.row`,
      [topicOf(name, key), toText(name), toText(key), asOf.getTime()],
    );
    return rows.map(eventSubscription);
  }

  async getFirstOpenSubscription(activity: string, now: Date): Promise<EventSubscription | undefined> {
    const { subscriptions, workflows } = this.#database.names.table;
    const first = (isOffered: string): string => `
      (SELECT s.row FROM ${subscriptions} s JOIN ${workflows} w ON w.row = s.workflow
       WHERE s.activity_topic = $1 AND s.activity = $2 AND s.activity IS NOT NULL AND s.event IS NULL AND ${isOffered} AND w.status = 'runnable'
       ORDER BY s.row LIMIT 1)`;
    const [found] = await this.#database.query<SubscriptionColumns>(
      // Those that are claimed are not walked through.
      `${this.#select} WHERE s.row = (
         SELECT min(o.row) FROM (${first("s.token IS NULL")} UNION ALL ${first("s.token IS NOT NULL AND s.token_expires_at <= $3")}) o)`,
      [activityTopic(activity), toText(activity), now.getTime()],
    );
    return found === undefined ? undefined : eventSubscription(found);
  }

  // Done again because the answer was lost, each finds what it has left itself, and answers as it has the first time.

  setSubscriptionToken(id: string, token: string, workerId: string, expiresAt: Date, now: Date): Promise<boolean> {
    return this.#change(
      `SET token = $2, worker_id = $3, token_expires_at = $4
       WHERE id = $1 AND event IS NULL AND (token IS NULL OR token_expires_at <= $5 OR ($6 AND token = $2))`,
      (repeated) => [toText(id), toText(token), toText(workerId), expiresAt.getTime(), now.getTime(), repeated],
    );
  }

  extendSubscriptionToken(id: string, token: string, expiresAt: Date, now: Date): Promise<boolean> {
    return this.#change(
      `SET token_expires_at = $3
       WHERE id = $1 AND event IS NULL AND token = $2 AND (token_expires_at > $4 OR ($5 AND token_expires_at = $3))`,
      (repeated) => [toText(id), toText(token), expiresAt.getTime(), now.getTime(), repeated],
    );
  }

  clearSubscriptionToken(id: string, token: string): Promise<boolean> {
    return this.#change(
      "SET token = NULL, worker_id = NULL, token_expires_at = NULL WHERE id = $1 AND (token = $2 OR ($3 AND token IS NULL))",
      (repeated) => [toText(id), toText(token), repeated],
    );
  }

  async #change(assignment: string, values: (repeated: boolean) => readonly (string | number | boolean)[]): Promise<boolean> {
    const rows = await this.#database.query(`UPDATE ${this.#database.names.table.subscriptions} ${assignment} RETURNING row`, values);
    return rows.length > 0;
  }
}
