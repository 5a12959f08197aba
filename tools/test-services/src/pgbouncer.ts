import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { freePort } from "./free-port.ts";
import { guardedFolder } from "./guarded-folder.ts";
import { installedProgram } from "./installed-program.ts";

const READY_TIMEOUT_MS = 20_000;

/** How a pooler is set up. */
export interface PgBouncerOptions {
  /** Whose connections it pools. */
  readonly server: { readonly url: string };
  readonly poolMode: "session" | "transaction" | "statement";
  /** Settings besides the usual ones, by name. @default none */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** A PgBouncer in front of a server. */
export interface PgBouncer {
  /** Of the server's database, by way of the pooler. */
  readonly url: string;
  readonly port: number;
  /** Ends it. */
  dispose(): Promise<void>;
}

/**
 * Starts a PgBouncer on a free port: the one on the `PATH`; on Debian it is installed when there is none and this is root. It ends when it is
 * disposed of, or else with this process, however that dies.
 *
 * @throws Error that says what to do, when there is none.
 */
export async function startPgBouncer({ server, poolMode, settings = {} }: PgBouncerOptions): Promise<PgBouncer> {
  const program = pgBouncerProgram();
  const port = await freePort();
  const to = new URL(server.url);
  const database = to.pathname.slice(1);
  const password = to.password === "" ? "" : ` password='${decodeURIComponent(to.password).replaceAll("'", "''")}'`;
  const lines = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "any", // whoever comes is the user of the server's url
    pool_mode: poolMode,
    max_client_conn: 300,
    default_pool_size: 20,
    ...settings,
  };
  const home = guardedFolder("wfe-pgbouncer-");
  const file = join(home.path, "pgbouncer.ini");
  writeFileSync(
    file,
    [
      "[databases]",
      `${database} = host=${to.hostname} port=${to.port} dbname=${database} user=${to.username}${password}`,
      "[pgbouncer]",
      ...Object.entries(lines).map(([name, value]) => `${name} = ${value}`),
      "",
    ].join("\n"),
  );

  let output = "";
  const child = home.spawn(program, [file], ["ignore", "pipe", "pipe"]);
  const ended = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  child.once("error", (error) => (output += error.message));
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-10_000)));
  const dispose = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    await home.remove();
  };
  const own = new URL(server.url);
  own.hostname = "127.0.0.1";
  own.port = String(port);
  try {
    await ready(own.href, () => {
      if (child.exitCode !== null || child.pid === undefined) throw new Error(`PgBouncer has ended: ${output}`);
    });
  } catch (error) {
    await dispose();
    throw error;
  }
  return { url: own.href, port, dispose };
}

function pgBouncerProgram(): string {
  return installedProgram({
    // Where Debian has it, which is not on everybody's path.
    programs: ["pgbouncer", "/usr/sbin/pgbouncer"],
    package: "pgbouncer",
    advice: "there is no pgbouncer on the PATH: install it (Debian and Ubuntu: apt-get install pgbouncer; macOS: brew install pgbouncer)",
  });
}

async function ready(url: string, check: () => void): Promise<void> {
  for (const deadline = Date.now() + READY_TIMEOUT_MS; ; ) {
    check();
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {}); // its end is found by the query
    try {
      await client.connect();
      await client.query("SELECT 1");
      return;
    } catch (error) {
      if (Date.now() >= deadline) throw new Error("PgBouncer does not become ready", { cause: error });
    } finally {
      await client.end();
    }
    await sleep(20);
  }
}
