import { startPostgresServer } from "./postgres-server.ts";

/** Names the server of tests. */
const URL_VARIABLE = "WFE_TEST_POSTGRES_URL";

/**
 * Before the tests of a run: starts the servers that they share, but for those that are named already. Vitest calls it for one project after the other,
 * so that the first starts them and the others find them named, and ends all at the end of the run.
 *
 * @returns Ends them.
 */
export async function setup(): Promise<() => Promise<void>> {
  if (process.env[URL_VARIABLE] !== undefined) return async () => {};
  const server = await startPostgresServer();
  process.env[URL_VARIABLE] = server.url;
  return async () => {
    delete process.env[URL_VARIABLE];
    await server.dispose();
  };
}
