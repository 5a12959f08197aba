import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { tracedRun } from "./traced-run.ts";

it("is what a fresh run gives: the trace in docs/operating.md", async () => {
  const text = await readFile(new URL("../../../../docs/operating.md", import.meta.url), "utf8");
  const documented = /```text trace\n(.*?)\n```/s.exec(text)?.[1];

  expect(documented?.split("\n")).toEqual((await tracedRun()).split("\n"));
});
