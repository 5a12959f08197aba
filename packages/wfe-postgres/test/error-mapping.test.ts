import { inspect } from "node:util";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { LockError, PersistenceError, QueueError } from "wfe-core";
import { testSchema } from "wfe-test-services/vitest";
import { StatementFailure } from "../src/connection.ts";
import {
  isConnectionLoss,
  isTransient,
  lockError,
  mayBeOnes,
  mayHaveHappened,
  mayKeepConnection,
  queueError,
  storeError,
  takenName,
} from "../src/error-mapping.ts";
import { openPostgres } from "../src/postgres-database.ts";
import type { PostgresOptions } from "../src/postgres-options.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { PostgresQueueProvider } from "../src/postgres-queue-provider.ts";

const server = testSchema("error mapping");

const failure = (code: string | undefined, text = "what the server said"): Error =>
  Object.assign(new Error(text), code === undefined ? {} : { code });

/** Code, what becomes of it, whether it may be tried again, and whether it is so within the provider, whether its connection is kept. */
const TABLE: readonly (readonly [code: string | undefined, mapped: string, retryable: boolean, triedAgain: boolean, kept: boolean])[] = [
  // The connection
  [undefined, "WFE_STORE_UNREACHABLE", true, true, false], // of the driver: terminated, timed out
  ["ECONNREFUSED", "WFE_STORE_UNREACHABLE", true, true, false],
  ["ECONNRESET", "WFE_STORE_UNREACHABLE", true, true, false],
  ["EPIPE", "WFE_STORE_UNREACHABLE", true, true, false],
  ["ENOTFOUND", "WFE_STORE_UNREACHABLE", true, true, false],
  ["08006", "WFE_STORE_UNREACHABLE", true, true, false],
  ["57P01", "WFE_STORE_UNREACHABLE", true, true, false],
  ["57P02", "WFE_STORE_UNREACHABLE", true, true, false],
  ["57P03", "WFE_STORE_UNREACHABLE", true, true, false],
  ["25P03", "WFE_STORE_UNREACHABLE", true, true, false],
  ["26000", "WFE_STORE_UNREACHABLE", true, true, false], // it has forgotten what was prepared
  ["25P04", "WFE_STORE_UNREACHABLE", true, true, false],
  ["53300", "WFE_STORE_UNREACHABLE", true, true, false],
  ["25006", "WFE_STORE_READ_ONLY", true, true, false],
  // Others
  ["40001", "WFE_STORE_BUSY", true, true, true],
  ["40P01", "WFE_STORE_BUSY", true, true, true],
  ["55P03", "WFE_STORE_BUSY", true, true, true],
  ["53200", "WFE_STORE_BUSY", true, true, true],
  // The server
  ["53100", "WFE_STORE_FULL", true, false, true],
  ["XX001", "WFE_STORE_CORRUPT", false, false, true],
  ["XX002", "WFE_STORE_CORRUPT", false, false, true],
  // The rights
  ["28P01", "WFE_STORE_UNREACHABLE", false, false, true],
  ["28000", "WFE_STORE_UNREACHABLE", false, false, true],
  ["3D000", "WFE_STORE_UNREACHABLE", false, false, true],
  ["42501", "WFE_STORE_UNREACHABLE", false, false, true],
  // The statement
  ["57014", "WFE_PERSISTENCE_FAILED", true, false, true],
  ["23505", "WFE_PERSISTENCE_FAILED", false, false, true],
  ["42P01", "WFE_PERSISTENCE_FAILED", false, false, true],
  ["54000", "WFE_PERSISTENCE_FAILED", false, false, true],
  ["22021", "WFE_PERSISTENCE_FAILED", false, false, true],
];

describe("storeError", () => {
  it.each(TABLE)("maps %s to %s", (code, mapped, retryable, triedAgain, kept) => {
    const cause = failure(code);

    const error = storeError(new StatementFailure(cause, true), "the database X");

    expect(error).toBeInstanceOf(PersistenceError);
    expect(error).toMatchObject({ code: mapped, retryable, cause, message: expect.stringMatching(/^the database X /) });
    expect(isConnectionLoss(cause) || isTransient(cause)).toBe(triedAgain);
    expect(mayKeepConnection(cause)).toBe(kept);
  });

  it("says whether it is not known what has become of the operation", () => {
    const known = (code: string | undefined, sent: boolean): readonly unknown[] => {
      const wrapped = new StatementFailure(failure(code), sent);
      const mayBeDone = mayHaveHappened(wrapped);
      return [mayBeDone, storeError(wrapped, "X", mayBeDone).message.includes("is not known")];
    };

    expect([known("ECONNRESET", true), known("57P01", true), known(undefined, true)]).toEqual(Array(3).fill([true, true]));
    expect([
      known("ECONNREFUSED", false),
      known("53300", true),
      known("25006", true),
      known("26000", true),
      known("40001", true),
      known("23505", true),
    ]).toEqual(Array(6).fill([false, false]));
  });

  it("leaves errors of the engine as they are", () => {
    const error = new PersistenceError("WFE_STORE_NEWER", "newer");

    expect(storeError(error, "X")).toBe(error);
    expect([isConnectionLoss(error), mayBeOnes(error)]).toEqual([false, false]);
  });

  it("takes a mistake in the program for no loss of a connection", () => {
    expect([new TypeError("x"), new RangeError("x"), "text", null, undefined].map(isConnectionLoss)).toEqual(Array(5).fill(false));
    expect(storeError("text", "X")).toMatchObject({ code: "WFE_PERSISTENCE_FAILED", message: expect.stringContaining("text") });
  });

  it("says what came of each address of a host", () => {
    const error = Object.assign(new AggregateError([failure("ECONNREFUSED", "refused by ::1"), failure("ECONNREFUSED", "refused by 127.0.0.1")]), {
      code: "ECONNREFUSED",
    });

    expect(storeError(error, "X").message).toContain("refused by ::1; refused by 127.0.0.1");
  });

  it("is wrapped for locks and the queue, retryable as it was", () => {
    for (const [code, , retryable] of TABLE) {
      const error = storeError(failure(code), "X");
      expect(lockError(error)).toMatchObject({ name: "LockError", code: "WFE_LOCK_BACKEND", retryable, cause: error });
      expect(queueError(error)).toMatchObject({ name: "QueueError", code: "WFE_QUEUE_BACKEND", retryable, cause: error });
    }
    const [lock, queue] = [new LockError("l"), new QueueError("q")];
    expect([lockError(lock), queueError(queue)]).toEqual([lock, queue]);
  });

  it("finds the name that is taken, also below the store's error", () => {
    const cause = Object.assign(failure("WF001"), { detail: "its name" });

    expect([takenName(cause), takenName(storeError(cause, "X"))]).toEqual(["its name", "its name"]);
    expect([takenName(failure("WF001")), takenName(failure("23505")), takenName(null)]).toEqual([undefined, undefined, undefined]);
  });
});

describe("errors of a database", () => {
  const startError = async (options: PostgresOptions): Promise<PersistenceError> => {
    const persistence = new PostgresPersistenceProvider({ notifications: false, retryTimeout: 0, ...options });
    return await persistence.start().then(
      async () => {
        await persistence.stop();
        throw new Error("the start succeeds");
      },
      (error: unknown) => error as PersistenceError,
    );
  };

  it.each([
    ["a server that is not there", "postgres://me:s3cret@127.0.0.1:1/shop?application_name=x", { code: "WFE_STORE_UNREACHABLE", retryable: true }],
    ["a host that is not there", "postgres://me:s3cret@host.invalid/shop", { code: "WFE_STORE_UNREACHABLE", retryable: true }],
    ["an address that is none", "postgres://me:s3cret@[bad/shop", { code: expect.stringMatching(/^WFE_/), retryable: false }],
    ["an address with a port that is none", "postgres://me:s3cret@127.0.0.1:port/shop", { code: expect.stringMatching(/^WFE_/), retryable: false }],
  ])("say nothing of the password for %s", async (_, connectionString, expected) => {
    const error = await startError({ connectionString });

    expect(error).toMatchObject(expected);
    expect(error).toBeInstanceOf(PersistenceError);
    expect(`${inspect(error, { depth: 10 })} ${error.stack}`).not.toContain("s3cret");
  });

  it("name the server, the database and the schema", async () => {
    const error = await startError({ connectionString: "postgres://me:s3cret@127.0.0.1:1/shop", schema: "mine" });

    expect(error.message).toContain('the PostgreSQL database "127.0.0.1:1/shop" (schema "mine") cannot be reached: ');
  });

  it("say that there is no such database", async () => {
    const url = new URL(server.url);
    url.pathname = "/no_such_database";

    expect(await startError({ connectionString: url.href })).toMatchObject({
      code: "WFE_STORE_UNREACHABLE",
      retryable: false,
      message: expect.stringContaining('database "no_such_database" does not exist'),
    });
  });

  it("say that a role may not be used", async () => {
    const url = new URL(server.url);
    url.username = "no_such_role";

    expect(await startError({ connectionString: url.href })).toMatchObject({ code: "WFE_STORE_UNREACHABLE", retryable: false });
  });

  it("refuse a role whose transactions have another isolation", async () => {
    const url = new URL(server.url);
    url.searchParams.set("options", "-c default_transaction_isolation=serializable");

    expect(await startError({ connectionString: url.href, schema: server.another() })).toMatchObject({
      code: "WFE_PERSISTENCE_FAILED",
      retryable: false,
      message: expect.stringContaining('sets default_transaction_isolation to "serializable"'),
    });
  });

  it("say that transactions are set to be read-only", async () => {
    const url = new URL(server.url);
    await new PostgresPersistenceProvider({ connectionString: url.href, schema: server.schema, notifications: false }).ensureStoreExists();
    url.searchParams.set("options", "-c default_transaction_read_only=on");

    expect(await startError({ connectionString: url.href, schema: server.schema })).toMatchObject({
      code: "WFE_STORE_READ_ONLY",
      retryable: false,
      message: expect.stringContaining("sets default_transaction_read_only"),
    });
  });

  it("let a start succeed after one that failed, when the cause is gone", async () => {
    const schema = server.another();
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query(`CREATE SCHEMA "${schema}"; CREATE TABLE "${schema}".workflows ()`);
    const database = openPostgres({ connectionString: server.url, schema, notifications: false });
    const providers = [new PostgresPersistenceProvider(database), new PostgresQueueProvider(database)];
    for (const provider of providers) await expect(provider.start()).rejects.toMatchObject({ message: expect.stringContaining("already exists") });

    await client.query(`DROP TABLE "${schema}".workflows`);
    for (const provider of providers) await provider.start();

    for (const provider of providers) await provider.stop();
    await client.end();
  });

  it("are of the queue when the queue meets them", async () => {
    const schema = server.another();
    const queue = new PostgresQueueProvider({ connectionString: server.url, schema, notifications: false, retryTimeout: 0 });
    await queue.start();
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query(`DROP SCHEMA "${schema}" CASCADE`);

    await expect(queue.queueWork("w", "workflow")).rejects.toMatchObject({
      code: "WFE_QUEUE_BACKEND",
      retryable: false,
      cause: { code: "WFE_PERSISTENCE_FAILED" },
    });

    await client.end();
    await queue.stop();
  });

  it("are of a wrong option before anything is connected", () => {
    const connectionString = "postgres://nobody@127.0.0.1:1/none";
    const pool = new pg.Pool({ max: 1 });

    expect(() => openPostgres({})).toThrow(RangeError);
    expect(() => openPostgres({ connectionString, pool })).toThrow(RangeError);
    expect(() => openPostgres({ pool })).toThrow("give a pool of 2 or more");
    for (const poolSize of [0, -1, 1.5, Number.NaN]) expect(() => openPostgres({ connectionString, poolSize })).toThrow(RangeError);
    expect(() => openPostgres({ connectionString, pollInterval: 9 })).toThrow(RangeError);
    expect(() => openPostgres({ connectionString, queryTimeout: 0 })).toThrow(RangeError);
    expect(() => openPostgres({ connectionString, retryTimeout: -1 })).toThrow(RangeError);
    expect(() => new PostgresQueueProvider({ connectionString }, { visibility: 0 })).toThrow(RangeError);
  });
});
