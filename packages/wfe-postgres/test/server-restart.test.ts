import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "wfe-core/test-support";
import { type PostgresServer, startPostgresServer } from "wfe-test-services";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { APPLIED, appliedOnce, startLoad } from "./load.ts";
import { ask } from "./own-server.ts";

const INSTANCES = 100;
const COMMITS = 12;

describe("a server that goes away under load", () => {
  let server: PostgresServer;
  let schemas = 0;
  let schema: string;
  beforeAll(async () => {
    server = await startPostgresServer();
  });
  afterAll(() => server.dispose());
  beforeEach(() => {
    schema = `s_${(schemas += 1)}`;
  });

  it.each(["fast", "immediate", "kill"] as const)("is waited for, and nothing is lost or done twice (%s)", async (mode) => {
    const make = (): PostgresPersistenceProvider =>
      new PostgresPersistenceProvider({ connectionString: server.url, schema, notifications: false, retryTimeout: "30s" });
    const providers = [make(), make()];
    await Promise.all(providers.map((provider) => provider.start()));
    const load = await startLoad(providers, INSTANCES, COMMITS);

    for (const part of [0.2, 0.6]) {
      await eventually(() => load.done >= INSTANCES * COMMITS * part, { interval: 1, timeout: "20s" });
      await server.restart(mode);
    }
    await load.finished;

    expect(await ask(server.url, APPLIED(schema))).toEqual(appliedOnce(INSTANCES, COMMITS));
    await Promise.all(providers.map((provider) => provider.stop()));
  });
});
