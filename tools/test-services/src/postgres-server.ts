import { type ChildProcess, spawnSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { freePort } from "./free-port.ts";
import { type GuardedFolder, guardedFolder } from "./guarded-folder.ts";
import { type PostgresBinaries, postgresBinaries } from "./postgres-binaries.ts";

const FOLDER_PREFIX = "wfe-postgres-";
const READY_TIMEOUT_MS = 60_000;

/** How a server is set up. */
export interface PostgresServerOptions {
  /** Settings besides the usual ones, by name. @default none */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** A server that tests may do to what they like. */
export interface PostgresServer {
  /** Of its database, for a superuser. */
  readonly url: string;
  readonly port: number;
  /** Of the process that started all others of the server; `undefined` while it does not run. */
  readonly pid: number | undefined;
  /** Starts it again after a stop, on the same port and data. */
  start(): Promise<void>;
  /** Ends it: `fast` takes its connections away and shuts down in order, `immediate` and `kill` are crashes. */
  stop(mode?: "fast" | "immediate" | "kill"): Promise<void>;
  /** Ends it and starts it again. */
  restart(mode?: "fast" | "immediate" | "kill"): Promise<void>;
  /** A replica of what is in it now: another server with a copy of the data, read-only until it is promoted. The server is stopped for a moment. */
  copyAsStandby(): Promise<PostgresServer>;
  /** Makes a replica a primary. */
  promote(): Promise<void>;
  /** Ends it for good and removes its data. */
  dispose(): Promise<void>;
}

// No test cuts the power: what waits for the disk would only take time.
const SETTINGS = { fsync: "off", full_page_writes: "off", max_connections: 300, shared_buffers: "64MB", log_min_messages: "fatal" } as const;
const STILL_RUNNING = /pre-existing shared memory block .* is still in use|lock file "postmaster.pid" already exists/;
const SIGNALS = { fast: "SIGINT", immediate: "SIGQUIT", kill: "SIGKILL" } as const;

/** Starts a PostgreSQL server on a free port, with a database of its own. It ends when it is disposed of, or else with this process, however that dies. */
export async function startPostgresServer({ settings = {} }: PostgresServerOptions = {}): Promise<PostgresServer> {
  const home = guardedFolder(FOLDER_PREFIX);
  try {
    const { path: folder, user } = home;
    const binaries = await postgresBinaries(user, folder);
    const made = spawnSync(binaries.initdb, ["-D", join(folder, "data"), "-U", "wfe", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"], {
      ...user,
      cwd: folder,
      encoding: "utf8",
    });
    if (made.status !== 0) throw new Error(`initdb has failed: ${made.stderr}`, { cause: made.error });
    return await startOn({ home, binaries, settings });
  } catch (error) {
    await home.remove();
    throw error;
  }
}

interface Place {
  readonly home: GuardedFolder;
  readonly binaries: PostgresBinaries;
  readonly settings: Readonly<Record<string, string | number>>;
}

async function startOn(place: Place): Promise<PostgresServer> {
  const { home, binaries, settings } = place;
  const { path: folder, user } = home;
  const port = await freePort();
  const url = `postgres://wfe@127.0.0.1:${port}/postgres`;
  const flags = Object.entries({ ...SETTINGS, ...settings, port, listen_addresses: "127.0.0.1", unix_socket_directories: "" }).flatMap(
    ([name, value]) => ["-c", `${name}=${value}`],
  );
  let running: ChildProcess | undefined;
  const server: PostgresServer = {
    url,
    port,
    get pid() {
      return running?.pid;
    },
    start: async () => {
      for (const deadline = Date.now() + READY_TIMEOUT_MS; ; await sleep(20)) {
        let output = "";
        const child = home.spawn(binaries.postgres, ["-D", join(folder, "data"), ...flags], ["ignore", "ignore", "pipe"]);
        child.stderr?.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-10_000)));
        const closed = new Promise((resolve) => child.once("close", resolve));
        running = child;
        const isUp = await ready(url, async () => {
          if (child.exitCode === null) return true;
          await closed; // with all it has said
          // What a killed server has left behind ends by itself, in a moment.
          if (STILL_RUNNING.test(output) && Date.now() < deadline) return false;
          throw new Error(`the PostgreSQL server has ended: ${output}`);
        });
        if (isUp) return;
      }
    },
    stop: async (mode = "fast") => {
      const child = running;
      running = undefined;
      if (child === undefined || child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill(SIGNALS[mode]);
      await ended;
    },
    restart: async (mode) => {
      await server.stop(mode);
      await server.start();
    },
    copyAsStandby: async () => {
      await server.stop();
      const copy = guardedFolder(FOLDER_PREFIX);
      try {
        const data = join(copy.path, "data");
        cpSync(join(folder, "data"), data, { recursive: true, preserveTimestamps: true });
        writeFileSync(join(data, "standby.signal"), "");
        if (user.uid !== undefined) spawnSync("chown", ["-R", `${user.uid}:${user.gid}`, data]);
        await server.start();
        return await startOn({ ...place, home: copy });
      } catch (error) {
        await copy.remove();
        throw error;
      }
    },
    promote: async () => {
      await query(url, "SELECT pg_promote(true, 30)");
    },
    dispose: async () => {
      await server.stop("immediate");
      await home.remove();
    },
  };
  await server.start();
  return server;
}

/** @param check - Asked before each try; `false` when it is of no use. @returns Whether it is ready. */
async function ready(url: string, check: () => Promise<boolean>): Promise<boolean> {
  for (const deadline = Date.now() + READY_TIMEOUT_MS; await check(); ) {
    try {
      await query(url, "SELECT 1");
      return true;
    } catch (error) {
      if (Date.now() >= deadline) throw new Error("the PostgreSQL server does not become ready", { cause: error });
    }
    await sleep(20);
  }
  return false;
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // its end is found by the query
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
