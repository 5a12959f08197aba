import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const FOLDER = fileURLToPath(new URL("../", import.meta.url));

it("passes the tests for Node.js' own runner", async () => {
  const files = readdirSync(`${FOLDER}node-test`).map((file) => `node-test/${file}`);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;

  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", "--conditions=wfe-source", "--test", "--test-reporter=tap", ...files],
    { cwd: FOLDER, env, timeout: 50_000 },
  );

  expect(stdout).toMatch(/^# pass 2$/m);
  expect(stdout).toMatch(/^# fail 0$/m);
});
