import { setTimeout as sleep } from "node:timers/promises";
import { defineEvent, ErrorBehavior, isWfeError, type WorkflowId, WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";

// Backups, and the people who look after them: they hold one back, let it go on, mend what it needs, and call one off.

interface Backup {
  disk: string;
  bytes: number;
}

const quiet = defineEvent<null>("quiet");
/** The world outside, which people mend while a backup waits. */
const target = { isFull: true, password: "wrong" };

const backup = new WorkflowBuilder<Backup>()
  .initialData((disk: string): Backup => ({ disk, bytes: 0 }))
  .waitFor(quiet, (data) => data.disk)
  .thenFn("copy", (ctx) => {
    console.log(`  copy ${ctx.data.disk}`);
    return 4_096;
  })
  .saveAs("bytes")
  .thenFn("upload", () => {
    console.log("  upload");
    if (target.isFull) throw new Error("the target is full");
  })
  .onError(ErrorBehavior.suspend())
  .thenFn("verify", () => {
    console.log("  verify");
    if (target.password === "wrong") throw new Error("the password is wrong");
  })
  .onError(ErrorBehavior.terminate())
  .build("backup", 1);

await using host = new WorkflowHostBuilder().useProviders(sqliteProviders({ path: ":memory:" })).build();
host.registerWorkflowDefinition(backup);
await host.start();

async function report(id: WorkflowId<Backup>): Promise<void> {
  const { status, error } = await host.getWorkflow(id);
  console.log(`  = ${status}${error === undefined ? "" : `: ${error.message}`}`);
}

async function untilItWaits(id: WorkflowId<Backup>): Promise<void> {
  while (!(await host.getHistory(id)).some(({ status }) => status === "waitingForEvent")) await sleep(5);
}

const id = await host.startWorkflow(backup, "disk-1", { reference: "nightly" });
await untilItWaits(id);

console.log("suspend, and publish what it waits for");
console.log(`  ${await host.suspendWorkflow(id)}, again: ${await host.suspendWorkflow(id)}`);
await host.publishEvent(quiet, "disk-1", null);
await report(id);

console.log("resume: the event was kept");
await host.resumeWorkflow(id);
try {
  await host.waitForWorkflow(id);
} catch (error) {
  if (!isWfeError(error, "WFE_WORKFLOW_SUSPENDED")) throw error;
  await report(id);
}

console.log("resume, with room on the target: the failed step runs again, what is done does not");
target.isFull = false;
await host.resumeWorkflow(id);
await host.waitForWorkflow(id);
await report(id);

console.log("retry: what an error has terminated runs on from the failed step");
target.password = "right";
console.log(`  resume: ${await host.resumeWorkflow(id)}, retry: ${await host.retryWorkflow(id)}`);
const { data } = await host.waitForWorkflow(id);
await report(id);
console.log(`  ${data.bytes} bytes; failures: ${(await host.getErrors(id)).map(({ step }) => step).join(", ")}`);

console.log("terminate: for good");
const other = await host.startWorkflow(backup, "disk-2", { reference: "nightly" });
await untilItWaits(other);
console.log(`  ${await host.terminateWorkflow(other)}, again: ${await host.terminateWorkflow(other)}, retry: ${await host.retryWorkflow(other)}`);
await report(other);

console.log("nightly backups");
for (const status of ["complete", "terminated", "suspended", "runnable"] as const) {
  console.log(`  ${status}: ${await host.countWorkflows({ reference: "nightly", status })}`);
}
