// Arguments: url, key prefix, name, events of each instance. Publishes them as a host does, without waiting, and says what it has heard of all.
import { RedisLifecyclePublisher } from "../../src/redis-lifecycle-publisher.ts";
import { startedEvent } from "../lifecycle-events.ts";

const [url = "", keyPrefix = "", name = "", count = ""] = process.argv.slice(2);
const publisher = new RedisLifecyclePublisher({ url, keyPrefix });
await publisher.start();
const heard: string[] = [];
await publisher.subscribe(({ workflowId, version }) => {
  heard.push(`${workflowId} ${version}`);
});
console.log("listening");
process.stdin.on("data", (line: Buffer) => {
  if (line.toString().startsWith("publish")) {
    for (let version = 1; version <= Number(count); version += 1) {
      for (const instance of ["a", "b"]) void publisher.publish(startedEvent(`${name}-${instance}`, version));
    }
  } else {
    console.log(JSON.stringify(heard));
    void publisher.stop();
    process.stdin.destroy();
  }
});
