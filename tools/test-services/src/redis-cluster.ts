import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { type RedisServer, startRedisServer } from "./redis-server.ts";

const SLOTS = 16_384;
const READY_TIMEOUT_MS = 30_000;

/** A Redis Cluster whose nodes tests may do to what they like. */
export interface RedisCluster {
  /** Its masters; each has as many slots as the others. */
  readonly nodes: readonly RedisServer[];
  /** Ends it for good. */
  dispose(): Promise<void>;
}

/** Starts a Cluster without replicas on free ports. @param masters - How many nodes it has. */
export async function startRedisCluster(masters: number): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  const clients: Redis[] = [];
  const dispose = async (): Promise<void> => {
    for (const client of clients) client.disconnect();
    for (const node of nodes) await node.dispose();
  };
  try {
    for (let index = 0; index < masters; index += 1) {
      const node = await startRedisServer({ settings: { "cluster-enabled": "yes", "cluster-node-timeout": 2_000 } });
      nodes.push(node);
      const client = new Redis(node.url, { enableReadyCheck: false });
      client.on("error", () => {}); // the failure of a command says it
      clients.push(client);
      const first = Math.ceil((SLOTS * index) / masters);
      await client.cluster("ADDSLOTSRANGE", first, Math.ceil((SLOTS * (index + 1)) / masters) - 1);
    }
    for (const node of nodes.slice(1)) await clients[0]?.cluster("MEET", "127.0.0.1", node.port);
    for (const client of clients) await whole(client, masters);
  } catch (error) {
    await dispose();
    throw error;
  }
  for (const client of clients.splice(0)) client.disconnect();
  return { nodes, dispose };
}

/** Resolves when this node knows all others. */
async function whole(client: Redis, masters: number): Promise<void> {
  for (const deadline = Date.now() + READY_TIMEOUT_MS; ; await sleep(50)) {
    const info = String(await client.call("CLUSTER", "INFO"));
    if (info.includes("cluster_state:ok") && info.includes(`cluster_size:${masters}`)) return;
    if (Date.now() >= deadline) throw new Error(`the Redis Cluster does not become ready: ${info}`);
  }
}
