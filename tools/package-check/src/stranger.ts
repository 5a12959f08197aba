import { execFile, execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { PackedPackage } from "./packed-packages.ts";

const INSTALL_LIMIT_MS = 540_000;
const RUN_LIMIT_MS = 120_000;

/** What a stranger's project has. */
export interface StrangerOptions {
  /** Names of our packages that it depends on; what these depend on of ours comes from the archives, too. */
  readonly packages: readonly string[];
  /** Others, from the registry, with their ranges. */
  readonly dependencies?: Readonly<Record<string, string>>;
  /** @default an ES module package */
  readonly type?: "module" | "commonjs";
}

/** A project of somebody who has installed the packages with npm, in an empty folder outside the repository. */
export class Stranger {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws Error with what npm says, when the installation fails. */
  static async install(packed: readonly PackedPackage[], options: StrangerOptions): Promise<Stranger> {
    const folder = mkdtempSync(join(tmpdir(), "wfe-stranger-"));
    const archives = Object.fromEntries(packed.map(({ manifest, path }) => [manifest.name, `file:${path}`]));
    const own = Object.entries(archives).filter(([name]) => options.packages.includes(name));
    // Nothing of ours comes from the registry.
    const overrides = Object.fromEntries(Object.entries(archives).filter(([name]) => !options.packages.includes(name)));
    const manifest = {
      name: "stranger",
      private: true,
      type: options.type ?? "module",
      dependencies: { ...Object.fromEntries(own), ...options.dependencies },
      overrides,
    };
    const stranger = new Stranger(folder);
    stranger.write("package.json", JSON.stringify(manifest, undefined, 2));
    try {
      await stranger.run(
        "npm",
        ["install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"],
        INSTALL_LIMIT_MS,
        driverCompiledBefore(),
      );
    } catch (error) {
      stranger.dispose();
      throw error;
    }
    return stranger;
  }

  /** Writes a file of the project. */
  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Copies a folder, but for what is installed in it. */
  copy(from: string, to: string): void {
    cpSync(from, join(this.folder, to), { recursive: true, filter: (source) => !source.includes("node_modules") });
  }

  /** Names of the packages that are installed. */
  installed(): readonly string[] {
    const folder = join(this.folder, "node_modules");
    return readdirSync(folder).flatMap((name) =>
      name.startsWith("@") ? readdirSync(join(folder, name)).map((inside) => `${name}/${inside}`) : [name],
    );
  }

  /** Runs a program in the project. @returns What it prints. @throws Error that shows what it has printed, when it fails. */
  async run(command: string, words: readonly string[], timeout: number = RUN_LIMIT_MS, more: NodeJS.ProcessEnv = {}): Promise<string> {
    const env = { ...strangersEnvironment(), ...more };
    try {
      const { stdout } = await promisify(execFile)(command, words, { cwd: this.folder, timeout, env, maxBuffer: 64 * 1024 * 1024 });
      return stdout;
    } catch (error) {
      const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
      throw new Error(`${command} ${words.join(" ")} has failed:\n${stdout}\n${stderr}`, { cause: error });
    }
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The environment without what pnpm, npm and Vitest tell their own children. */
function strangersEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|vitest|node_options$|node_env$|node_test_context$|init_cwd$)/i.test(name),
  );
  return Object.fromEntries(own);
}

let prebuilds: string | undefined;

/**
 * The driver of SQLite is compiled where no prebuilt one can be had, which takes more than a minute: the one that the repository's own installation has
 * made is offered to the installation of a stranger, which looks for such an archive first.
 */
function driverCompiledBefore(): NodeJS.ProcessEnv {
  const driver = dirname(createRequire(import.meta.resolve("wfe-sqlite/package.json")).resolve("better-sqlite3/package.json"));
  const { version } = createRequire(import.meta.url)(join(driver, "package.json")) as { readonly version: string };
  if (!existsSync(join(driver, "build/Release/better_sqlite3.node"))) return {};
  if (prebuilds === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "wfe-prebuilds-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const { platform, arch, versions } = process;
    const libc = platform === "linux" && !isGlibc() ? "musl" : "";
    const name = `better-sqlite3-v${version}-node-v${versions.modules}-${platform}${libc}-${arch}.tar.gz`;
    execFileSync("tar", ["-czf", join(folder, name), "-C", driver, "build/Release/better_sqlite3.node"]);
    prebuilds = folder;
  }
  return { npm_config_better_sqlite3_local_prebuilds: prebuilds };
}

function isGlibc(): boolean {
  const { header } = process.report.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime !== undefined;
}
