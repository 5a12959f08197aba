import type { EventPublication, EventRow, RunnableEvent, StoredEvent, Topic } from "wfe-core";
import { Batches, type Outcome, sizeOfPayloads } from "./batches.ts";
import { mayBeOnes } from "./error-mapping.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { type EventColumns, newEventList, storedEvent } from "./rows.ts";
import { fromText, toText } from "./text.ts";
import { topicOf } from "./topic.ts";

/** Subscriptions served in one transaction; an event may have very many, and others want to write too. */
const DELIVERY_BATCH = 500;
/** Topics that one delivery locks at most; the server has room for few locks of a transaction. */
const MOST_TOPICS = 64;
/** Events that are stored in one call at most. */
const LARGEST_PUBLICATION = 500;

const STORED: EventPublication = { reached: [], delivered: false };

interface PublicationColumns {
  readonly reached: readonly string[];
  readonly delivered: boolean;
}

interface DeliveryColumns {
  readonly reached: readonly string[];
  /** Highest subscription that was served; `null` when none is left. */
  readonly last: number | null;
  /** As the server writes its arrays; goes back as it came. */
  readonly arrivals: string;
}

/** An event that is to be stored. */
interface Publication {
  readonly event: EventRow;
  readonly now: number;
  /** Whether it is to be delivered with that, if it is alone. */
  readonly delivers: boolean;
}

/** Events and their delivery. */
export class EventStore {
  readonly #database: PostgresDatabase;
  readonly #publications: Batches<Publication, EventPublication>;

  constructor(database: PostgresDatabase) {
    this.#database = database;
    this.#publications = new Batches({
      clock: database.clock,
      limit: LARGEST_PUBLICATION,
      concurrency: 2,
      keyOf: ({ event }) => event.id,
      sizeOf: ({ event }) => Math.max(1, sizeOfPayloads(LARGEST_PUBLICATION, event.data?.length ?? 0)),
      send: (publications) => this.#send(publications),
      mayBeOnes,
    });
  }

  async createEvent(event: EventRow, now: Date): Promise<string> {
    await this.#publications.request({ event, now: now.getTime(), delivers: false });
    return event.id;
  }

  publishEvent(event: EventRow, now: Date): Promise<EventPublication> {
    const delivers = event.eligibleAt === undefined || event.eligibleAt <= now;
    return this.#publications.request({ event, now: now.getTime(), delivers });
  }

  /** Several are stored together, and delivered together after that, which costs less than to deliver each by itself. */
  async #send(publications: readonly Publication[]): Promise<readonly Outcome<EventPublication>[]> {
    const [first] = publications;
    if (publications.length === 1 && first?.delivers === true) {
      const values = [JSON.stringify(newEventList(first.event, first.now)), first.now];
      const [answer] = await this.#database.call<PublicationColumns>("publish_v1", values);
      const { reached, delivered } = answer as PublicationColumns; // the function gives one row
      return [{ value: { reached: reached.map(fromText), delivered } }];
    }
    await this.#database.call("insert_events_v1", [JSON.stringify(publications.map(({ event, now }) => newEventList(event, now)))]);
    return publications.map(() => ({ value: STORED }));
  }

  async getEvent(id: string): Promise<StoredEvent | undefined> {
    const [found] = await this.#database.query<EventColumns>(`SELECT * FROM ${this.#database.names.table.events} WHERE id = $1`, [toText(id)]);
    return found === undefined ? undefined : storedEvent(found);
  }

  async isEventConsumed(id: string): Promise<boolean> {
    const { events, consumed_events } = this.#database.names.table;
    // The unique index of the ids, then the one of the consumptions of an event.
    const rows = await this.#database.query(`SELECT 1 FROM ${events} e JOIN ${consumed_events} c ON c.event = e.arrival WHERE e.id = $1 LIMIT 1`, [
      toText(id),
    ]);
    return rows.length > 0;
  }

  async getEvents(name: string, key: string, asOf: Date): Promise<readonly string[]> {
    const rows = await this.#database.query<{ id: string }>(
      `SELECT id FROM ${this.#database.names.table.events} WHERE topic = $1 AND name = $2 AND key = $3 AND time >= $4 ORDER BY time, arrival`,
      [topicOf(name, key), toText(name), toText(key), asOf.getTime()],
    );
    return rows.map(({ id }) => fromText(id));
  }

  async getRunnableEvents(asAt: Date, options: { readonly limit: number; readonly claimUntil: Date }): Promise<readonly RunnableEvent[]> {
    const rows = await this.#database.call<Pick<EventColumns, "id" | "name" | "key">>("claim_events_v1", [
      asAt.getTime(),
      options.limit,
      options.claimUntil.getTime(),
    ]);
    return rows.map(({ id, name, key }) => ({ id: fromText(id), name: fromText(name), key: fromText(key) }));
  }

  async deliverEvents(topics: readonly Topic[], now: Date): Promise<readonly string[]> {
    const distinct = [...new Map(topics.map((topic) => [topicOf(topic.name, topic.key), topic])).values()];
    const parts = Array.from({ length: Math.ceil(distinct.length / MOST_TOPICS) }, (_, part) =>
      distinct.slice(part * MOST_TOPICS, (part + 1) * MOST_TOPICS),
    );
    const nowMs = now.getTime();
    const reached = await Promise.all(parts.map((part) => this.#deliver(part, nowMs)));
    return [...new Set(reached.flat())];
  }

  async #deliver(topics: readonly Topic[], now: number): Promise<readonly string[]> {
    const given = [topics.map(({ name, key }) => topicOf(name, key)), topics.map(({ name }) => toText(name)), topics.map(({ key }) => toText(key))];
    const reached: string[] = [];
    let after: number | null = null;
    let arrivals: string | null = null;
    do {
      const [batch]: readonly DeliveryColumns[] = await this.#database.call<DeliveryColumns>("deliver_v1", [
        ...given,
        after,
        arrivals,
        DELIVERY_BATCH,
        now,
      ]);
      const { reached: ids, last, arrivals: begun } = batch as DeliveryColumns; // the function gives one row
      reached.push(...ids.map(fromText));
      after = last;
      arrivals = begun;
    } while (after !== null);
    return reached;
  }

  async deleteDeliveredEvents(storedBefore: Date, limit: number): Promise<number> {
    const [row] = await this.#database.call<{ deleted: number }>("purge_events_v1", [storedBefore.getTime(), limit]);
    return (row as { deleted: number }).deleted; // the function gives one row
  }
}
