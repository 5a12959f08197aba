import { startPostgresServer } from "./postgres-server.ts";
import { startRedisServer } from "./redis-server.ts";

interface Started {
  readonly url: string;
  dispose(): Promise<void>;
}

/** What starts the servers of tests, by the variable that names one. */
const SERVERS: Readonly<Record<string, () => Promise<Started>>> = {
  WFE_TEST_POSTGRES_URL: () => startPostgresServer(),
  WFE_TEST_REDIS_URL: () => startRedisServer(),
};

/**
 * Before the tests of a run: starts the servers that they share, but for those that are named already. Vitest calls it for one project after the other,
 * so that the first starts them and the others find them named, and ends all at the end of the run.
 *
 * @returns Ends them.
 */
export async function setup(): Promise<() => Promise<void>> {
  const started = new Map<string, Started>();
  const end = async (): Promise<void> => {
    for (const [variable, server] of started) {
      delete process.env[variable];
      await server.dispose();
    }
  };
  try {
    for (const [variable, start] of Object.entries(SERVERS)) {
      if (process.env[variable] !== undefined) continue;
      const server = await start();
      started.set(variable, server);
      process.env[variable] = server.url;
    }
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
