import { execFileSync, spawn } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { eventually } from "wfe-core/test-support";

/** A PostgreSQL server of a test file. */
export interface QueueServer {
  /** A schema that no other test has. */
  readonly newSchema: () => string;
  readonly url: (applicationName?: string) => string;
  readonly query: (text: string, values?: readonly unknown[]) => Promise<readonly any[]>;
  readonly stop: () => Promise<void>;
}

/** Starts a server of its own on a free port. */
export async function startQueueServer(): Promise<QueueServer> {
  const folder = mkdtempSync(join(tmpdir(), "wfe-postgres-"));
  // The server refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  const idOf = (flag: string): number => Number(execFileSync("id", [flag, "postgres"]).toString());
  const user = isRoot ? { uid: idOf("-u"), gid: idOf("-g") } : {};
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  execFileSync("initdb", ["-D", `${folder}/data`, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"], {
    ...user,
    stdio: "ignore",
  });
  const port = await freePort();
  const server = spawn("postgres", ["-D", `${folder}/data`, "-p", String(port), "-k", folder, "-c", "max_connections=200", "-c", "fsync=off"], {
    ...user,
    stdio: "ignore",
  });
  const url = (applicationName = "test"): string => `postgres://postgres@127.0.0.1:${port}/postgres?application_name=${applicationName}`;
  const pool = new pg.Pool({ connectionString: url("queue-server"), max: 2 });
  pool.on("error", () => {});
  await eventually(() => pool.query("SELECT 1"), { what: "the server is up", timeout: "20s" });
  let schemas = 0;
  return {
    newSchema: () => `q_${(schemas += 1)}`,
    url,
    query: async (text, values = []) => (await pool.query(text, [...values])).rows,
    stop: async () => {
      await pool.end();
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGINT");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const socket = createServer();
  await new Promise<void>((resolve) => void socket.listen(0, "127.0.0.1", resolve));
  const { port } = socket.address() as { readonly port: number };
  await new Promise((resolve) => void socket.close(resolve));
  return port;
}

/** A pool that keeps the text of each statement. */
export function watchedPool(connectionString: string, max = 5): { readonly pool: pg.Pool; readonly statements: string[] } {
  const pool = new pg.Pool({ connectionString, max });
  const statements: string[] = [];
  pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((first: string | { readonly text: string }, ...rest: unknown[]) => {
      statements.push(typeof first === "string" ? first : first.text);
      return query(first, ...rest);
    }) as typeof client.query;
  });
  return { pool, statements };
}
