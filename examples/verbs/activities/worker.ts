import { setTimeout as sleep } from "node:timers/promises";
import { isWfeError, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";
import { thumbnail } from "./thumbnail.ts";

// A process of its own, which knows the store and the activity and no workflow.
const [path = "", name = ""] = process.argv.slice(2);

function say(text: string): void {
  console.log(`${name}: ${text}`);
}

// A client asks and tells, and runs no steps.
const client = new WorkflowHostBuilder().useProviders(sqliteProviders({ path })).buildClient();
await client.start();

if (name === "Ada") {
  // Takes a photo, falls asleep over it, and comes too late: the claim is over, and the photo is offered to others.
  const claim = await client.getPendingActivity(thumbnail, name, { lease: "50ms", wait: "30s" });
  if (claim === undefined) throw new Error("no work");
  say(`takes ${claim.input.name} and falls asleep`);
  await sleep(100);
  try {
    await client.submitActivitySuccess(claim.token, { file: "late.png" });
  } catch (error) {
    if (!isWfeError(error, "WFE_ACTIVITY_TOKEN_INVALID")) throw error;
    say(`too late (${error.code})`);
  }
}

let crashes = 0;
while (name === "Bob" && process.connected) {
  const claim = await client.getPendingActivity(thumbnail, name, { lease: "1m", wait: "50ms" });
  if (claim === undefined) continue;
  const { token, input } = claim;
  if (input.name === "notes.txt") {
    say(`${input.name} is no photo`);
    // Data for whoever deals with it; trying again would not help.
    await client.submitActivityFailure(token, { message: "no photo", data: { found: "text" }, retryable: false });
  } else if (input.name === "panorama.jpg" && crashes === 0) {
    crashes += 1;
    say(`${input.name} is too large for now`);
    await client.submitActivityFailure(token, new Error("out of memory"));
  } else {
    // Longer work says that it is still alive.
    await client.extendActivity(token, "5m");
    say(`${input.name} done`);
    await client.submitActivitySuccess(token, { file: `${input.name}-${input.width}.png` });
  }
}
await client.stop();
