import { execFile, spawnSync } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import { type PackedPackage, ROOT } from "./packed-packages.ts";
import { type Release, ReleaseCopy } from "./release-copy.ts";

/** The program: publishes what is committed, or shows what would be published. */
const USAGE = `usage: pnpm release [--dry-run]

  --dry-run  gives the next version, builds and packs in a copy, and lists what would be published; nothing is changed and nothing leaves this machine
  --help     prints this

Without --dry-run it publishes what is not on the registry yet, with provenance. Only the release workflow can: provenance is its signature.`;

const KILOBYTE = 1_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((word) => word !== "--"),
    options: { "dry-run": { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const isDry = values["dry-run"] === true;
  const refused = isDry ? undefined : refusal();
  if (refused !== undefined) {
    console.error(refused);
    return 2;
  }
  const repository = await repositoryUrl();
  const copy = await ReleaseCopy.make();
  try {
    const release = await copy.pack(repository);
    console.log(described(release, repository));
    if (isDry) return 0;
    if (release.isPending) {
      console.error("changesets wait: merge the pull request that turns them into a version first");
      return 2;
    }
    return await publish(release);
  } finally {
    copy.dispose();
  }
}

function refusal(): string | undefined {
  // What npm signs a provenance with.
  if (process.env["ACTIONS_ID_TOKEN_REQUEST_URL"] !== undefined) return undefined;
  return "a release is published by the release workflow, whose identity its provenance names: see CONTRIBUTING.md; --dry-run shows what it would publish";
}

/** Where the sources are: of the workflow, or of the clone; `undefined` where there is none. */
async function repositoryUrl(): Promise<string | undefined> {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  if (server !== undefined && name !== undefined) return `${server}/${name}`;
  try {
    const { stdout } = await promisify(execFile)("git", ["remote", "get-url", "origin"], { cwd: ROOT });
    const [, host, path] = /^(?:https:\/\/|ssh:\/\/|git@)(?:[^@/]+@)?([^:/]+)[:/](.+?)(?:\.git)?\s*$/.exec(stdout) ?? [];
    return host === undefined || path === undefined ? undefined : `https://${host}/${path}`;
  } catch {
    return undefined; // a clone of nowhere
  }
}

function described({ version, isPending, packages }: Release, repository: string | undefined): string {
  const rows = packages.map(({ manifest, packedSize, unpackedSize, files }) => [
    `${manifest.name}@${manifest.version}`,
    kilobytes(packedSize),
    kilobytes(unpackedSize),
    String(files.length),
    Object.keys(manifest.dependencies ?? {}).join(", "),
  ]);
  const heads = ["package", "packed", "unpacked", "files", "dependencies"];
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [
    `version ${version}${isPending ? ", of the changesets that wait" : ""}; access public, provenance of the release workflow; tag v${version}`,
    `repository ${repository ?? "left out: this clone has no origin"}`,
    "",
    line(heads),
    ...rows.map(line),
  ].join("\n");
}

function kilobytes(bytes: number): string {
  return `${(bytes / KILOBYTE).toFixed(0)} kB`;
}

/** Goes on where an earlier run has stopped: what is on the registry stays. */
async function publish({ packages }: Release): Promise<number> {
  for (const each of packages) {
    if (await isPublished(each)) {
      console.log(`${each.manifest.name}@${each.manifest.version} is published already`);
      continue;
    }
    const { status } = spawnSync("npm", ["publish", each.path, "--access", "public", "--provenance"], { stdio: "inherit" });
    if (status !== 0) return status ?? 1;
  }
  return 0;
}

async function isPublished({ manifest }: PackedPackage): Promise<boolean> {
  try {
    await promisify(execFile)("npm", ["view", `${manifest.name}@${manifest.version}`, "version"]);
    return true;
  } catch (error) {
    if (/E404|No match/.test(String((error as { readonly stderr?: string }).stderr))) return false;
    throw error;
  }
}

process.exitCode = await main();
