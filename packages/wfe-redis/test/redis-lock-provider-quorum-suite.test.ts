import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { lockSuite } from "wfe-core/test-support";
import { type RedisServer, startRedisServer } from "wfe-test-services";
import { RedisLockProvider } from "../src/redis-lock-provider.ts";
import { lockTarget } from "./redis-targets.ts";

const runner = { describe, it: it.concurrent };
const servers: RedisServer[] = [];
let stores = 0;

beforeAll(async () => {
  for (let node = 0; node < 3; node += 1) servers.push(await startRedisServer());
});
afterAll(async () => {
  for (const server of servers) await server.dispose();
});

const target = lockTarget(
  () => `store-${(stores += 1)}`,
  (keyPrefix) => new RedisLockProvider({ nodes: servers.map(({ url }) => ({ url, keyPrefix })) }),
);

lockSuite("lock suite on three nodes", target, runner);

describe("with one of them killed while it runs", () => {
  let kill: NodeJS.Timeout;
  beforeAll(() => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {}); // each provider says that a node is away
    kill = setTimeout(() => void servers[1]?.kill(), 100);
  });
  afterAll(() => {
    vi.restoreAllMocks();
    clearTimeout(kill);
    expect(servers[1]?.pid).toBe(undefined);
  });

  lockSuite("lock suite on three nodes", target, runner);
});
