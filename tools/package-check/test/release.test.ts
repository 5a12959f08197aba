import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { ROOT } from "../src/packed-packages.ts";

const LIMIT_MS = 600_000;

/** A release, asked for as a maintainer does who is not the release workflow. */
async function release(...words: readonly string[]): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)("npx", ["-y", "pnpm@10", "--silent", "release", ...words], { cwd: ROOT, env, timeout: LIMIT_MS });
  return stdout;
}

/** What a version changes, as it differs from what is committed; the rest of the tree is others' to work in meanwhile. */
async function versioned(): Promise<string> {
  const paths = ["packages/*/package.json", "packages/*/CHANGELOG.md", ".changeset"];
  return (await promisify(execFile)("git", ["status", "--porcelain", "--", ...paths], { cwd: ROOT })).stdout;
}

it("shows what would be published, in the order of their dependencies, and changes nothing", { timeout: LIMIT_MS }, async () => {
  const before = await versioned();

  const shown = await release("--dry-run");

  expect(shown).toMatch(
    /^version \d+\.\d+\.\d+(, of the changesets that wait)?; access public, provenance of the release workflow; tag v\d+\.\d+\.\d+$/m,
  );
  const packages = [...shown.matchAll(/^(wfe\S*)@(\S+) +\d+ kB +\d+ kB +\d+ +\S/gm)].map(([, name]) => name);
  expect(packages).toEqual(["wfe-core", "wfe", "wfe-postgres", "wfe-redis", "wfe-sqlite"]);
  expect(await versioned()).toBe(before);
});

it("publishes from the release workflow alone", { timeout: LIMIT_MS }, async () => {
  await expect(release()).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("a release is published by the release workflow") });
});
