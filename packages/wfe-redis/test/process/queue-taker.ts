// Arguments: url, key prefix, visibility time in milliseconds. Waits for an item of the type "workflow", says its id, and keeps it.
import { RedisQueueProvider } from "../../src/redis-queue-provider.ts";

const [url = "", keyPrefix = "", visibility = ""] = process.argv.slice(2);
const queue = new RedisQueueProvider({ url, keyPrefix }, { visibility: Number(visibility) });
await queue.start();
console.log("ready");
const [item] = await queue.dequeueWork("workflow", { limit: 1, wait: "1m" });
console.log(item?.id ?? "nothing");
