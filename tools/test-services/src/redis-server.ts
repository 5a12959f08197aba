import type { ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { freePort } from "./free-port.ts";
import { guardedFolder } from "./guarded-folder.ts";
import { installedProgram } from "./installed-program.ts";

const READY_TIMEOUT_MS = 20_000;

/** How a server is set up. */
export interface RedisServerOptions {
  /** @default a free one */
  readonly port?: number;
  /** What clients have to give. @default none */
  readonly password?: string;
  /** Whether it keeps its data over a restart, in an append-only file that is written with each command. @default false */
  readonly durable?: boolean;
  /** Settings besides the usual ones, by name. @default none */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** A server that tests may do to what they like. */
export interface RedisServer {
  /** With the password, if there is one. */
  readonly url: string;
  readonly port: number;
  /** Of its process; `undefined` while it does not run. */
  readonly pid: number | undefined;
  /** Starts it again after a stop or a kill, on the same port. @param options.keepData - Whether its data is as it was left. @default true */
  start(options?: { readonly keepData?: boolean }): Promise<void>;
  /** Shuts it down in order. */
  stop(): Promise<void>;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
  /** Kills it and starts it again. */
  restart(options?: { readonly keepData?: boolean }): Promise<void>;
  /** Stops its process, with all connections open, as if its machine were too busy. */
  freeze(): void;
  /** Ends {@link freeze}. */
  thaw(): void;
  /** Ends it for good and removes its data. */
  dispose(): Promise<void>;
}

/**
 * Starts a Redis server on a port of its own: the one on the `PATH`; on Debian it is installed when there is none and this is root. It ends when it is
 * disposed of, or else with this process, however that dies.
 *
 * @throws Error that says what to do, when there is none.
 */
export async function startRedisServer({ port: wanted, password, durable = false, settings = {} }: RedisServerOptions = {}): Promise<RedisServer> {
  const program = redisProgram();
  const port = wanted ?? (await freePort());
  const url = `redis://${password === undefined ? "" : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`;
  const home = guardedFolder("wfe-redis-");
  const given = {
    port,
    bind: "127.0.0.1",
    dir: home.path,
    save: "",
    appendonly: durable ? "yes" : "no",
    appendfsync: "always",
    ...(password === undefined ? {} : { requirepass: password }),
    ...settings,
  };
  const flags = Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]);
  let running: ChildProcess | undefined;
  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = running;
    running = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGCONT"); // a frozen one would not hear of its end
    child.kill(signal);
    await ended;
  }
  const server: RedisServer = {
    url,
    port,
    get pid() {
      return running?.pid;
    },
    start: async ({ keepData = true } = {}) => {
      if (!keepData) for (const name of ["dump.rdb", "appendonlydir"]) rmSync(join(home.path, name), { recursive: true, force: true });
      let output = "";
      const child = home.spawn(program, flags, ["ignore", "pipe", "pipe"]);
      for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-10_000)));
      running = child;
      await ready(url, () => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the Redis server has ended: ${output}`);
      });
    },
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    restart: async (options) => {
      await server.kill();
      await server.start(options);
    },
    freeze: () => void running?.kill("SIGSTOP"),
    thaw: () => void running?.kill("SIGCONT"),
    dispose: async () => {
      await end("SIGKILL");
      await home.remove();
    },
  };
  try {
    await server.start();
  } catch (error) {
    await server.dispose();
    throw error;
  }
  return server;
}

function redisProgram(): string {
  return installedProgram({
    programs: ["redis-server"],
    package: "redis-server",
    advice:
      "there is no redis-server on the PATH: install it (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis), or name a server of your own by WFE_TEST_REDIS_URL",
  });
}

async function ready(url: string, check: () => void): Promise<void> {
  for (const deadline = Date.now() + READY_TIMEOUT_MS; ; ) {
    check();
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, disableClientInfo: true });
    client.on("error", () => {}); // the failure of the command says it
    try {
      await client.ping();
      return;
    } catch (error) {
      if (Date.now() >= deadline) throw new Error("the Redis server does not become ready", { cause: error });
    } finally {
      client.disconnect();
    }
    await sleep(20);
  }
}
