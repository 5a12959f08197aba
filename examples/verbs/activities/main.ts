import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ErrorBehavior, WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";
import { thumbnail } from "./thumbnail.ts";

// An album gets its thumbnails from workers in processes of their own, which share nothing with it but the store.

interface Album {
  photos: string[];
  files: string[];
}

const album = new WorkflowBuilder<Album>()
  .initialData((photos: string[]): Album => ({ photos, files: [] }))
  .forEach(
    (data) => data.photos,
    (photo) =>
      photo
        // Offered to workers under its name; the step waits for what comes of it.
        .activity(thumbnail, (_, ctx) => ({ name: ctx.item, width: 200 }))
        .output(({ file }, data) => {
          console.log(`album: got ${file}`);
          data.files.push(file);
        })
        // A retry offers it anew. What cannot be had is compensated by something else, and the album goes on.
        .onError(ErrorBehavior.retry({ interval: 1, maxRetries: 2 }))
        .compensateWithFn("use a placeholder", (ctx) => {
          console.log(`album: placeholder for ${ctx.item}, ${JSON.stringify(ctx.compensates?.error)}`);
        }),
    { parallel: false },
  )
  .build("album", 1);

/** Runs a worker beside this process. */
function worker(name: string): ChildProcess {
  return fork(fileURLToPath(new URL("worker.ts", import.meta.url)), [path, name]);
}

const folder = await mkdtemp(join(tmpdir(), "wfe-activities-"));
const path = join(folder, "album.db");
try {
  await using host = new WorkflowHostBuilder().useProviders(sqliteProviders({ path })).build();
  host.registerWorkflowDefinition(album);
  await host.start();
  const id = await host.startWorkflow(album, ["beach.jpg", "panorama.jpg", "notes.txt"]);

  await once(worker("Ada"), "exit");
  const bob = worker("Bob");
  const { data } = await host.waitForWorkflow(id);
  bob.disconnect();
  await once(bob, "exit");

  console.log(`album: ${data.files.join(", ")}`);
  for (const { step, message } of await host.getErrors(id)) console.log(`failed: ${step}, ${message}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
