import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";

// Videos are converted by a service that tells nobody when it is done: it has to be asked.

/** The service, in this process: what it answers for each video, one answer after the other, the last one for good. */
const answers: { readonly [video: string]: string[] } = { "cat.avi": ["queued", "running", "done"], "opera.avi": ["queued"] };
const service = createServer((request, response) => {
  const video = request.url?.split("/").at(-1) ?? "";
  const left = answers[video];
  if (request.headers.authorization !== "Bearer t0p-s3cret") response.writeHead(401).end();
  else if (left === undefined) response.writeHead(410).end();
  else {
    const state = left.length > 1 ? left.shift() : left[0];
    if (video === "cat.avi") console.log(`service: ${video} is ${state}`);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ state, file: `${video}.mp4` }));
  }
}).listen(0, "127.0.0.1");
await once(service, "listening");
const origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;

interface Video {
  name: string;
  patienceMs: number;
  state: string;
}

const convert = new WorkflowBuilder<Video>()
  .initialData((start: Omit<Video, "state">): Video => ({ ...start, state: "" }))
  // Between two requests the workflow sleeps in the store.
  .pollEndpoint((data) => ({
    url: `${origin}/jobs/{name}`, // filled from the data
    headers: { authorization: "Bearer {secret:CONVERTER}" }, // filled by the host, and not stored
    interval: 5,
    timeout: data.patienceMs,
    until: { path: "state", equals: "done" },
  }))
  .output(({ status, body }, data) => {
    data.state = `${status} ${JSON.stringify(body)}`;
  })
  .onTimeout((b) => b.thenFn("give up", () => "not done in time").saveAs("state"))
  // An answer that will not change is a failure, and nothing is asked again.
  .compensateWithFn("give it up", (ctx) => console.log(`${ctx.data.name}: ${ctx.compensates?.error.code}`))
  .build("convert", 1);

try {
  await using host = new WorkflowHostBuilder()
    .useProviders(sqliteProviders({ path: ":memory:" }))
    // Nothing may be asked that is not allowed here.
    .withOptions({ pollEndpoints: { allow: [`${origin}/jobs`], secrets: (name) => (name === "CONVERTER" ? "t0p-s3cret" : undefined) } })
    .build();
  host.registerWorkflowDefinition(convert);
  await host.start();

  const minute = 60_000;
  for (const start of [
    { name: "cat.avi", patienceMs: minute },
    { name: "opera.avi", patienceMs: 40 },
    { name: "lost.avi", patienceMs: minute },
  ]) {
    const { state } = await host.runWorkflow(convert, start);
    console.log(`${start.name} = ${state || "nothing"}`);
  }
} finally {
  service.close();
  service.closeAllConnections();
}
