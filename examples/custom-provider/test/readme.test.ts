import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const FOLDER = fileURLToPath(new URL("../", import.meta.url));

it("has the program that its README shows, which prints what the README says", async () => {
  const readme = await readFile(`${FOLDER}README.md`, "utf8");
  const [, program] = /^```ts\n(.*?)^```$/ms.exec(readme) ?? [];
  const [, output] = /^```text\n(.*?)^```$/ms.exec(readme) ?? [];

  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", "--conditions=wfe-source", "main.ts"], {
    cwd: FOLDER,
    timeout: 50_000,
  });

  expect(program).toBe(await readFile(`${FOLDER}main.ts`, "utf8"));
  expect(stdout).toBe(output);
});
