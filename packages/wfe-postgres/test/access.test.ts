import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import pg from "pg";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { refuseSettings } from "../src/server-settings.ts";
import { ownServer } from "./own-server.ts";

// Who may come as whom: everybody as the superuser, others with a password.
const folder = mkdtempSync(join(tmpdir(), "wfe-hba-"));
chmodSync(folder, 0o755);
writeFileSync(join(folder, "hba.conf"), "host all wfe all trust\nhost all locked_out all reject\nhost all all all scram-sha-256\n", { mode: 0o644 });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("access to the database", () => {
  const own = ownServer({ settings: { hba_file: join(folder, "hba.conf") } });

  /** What a start comes to, and how long it takes. */
  async function starting(url: string, schema = own.newSchema()): Promise<{ readonly error: unknown; readonly tookMs: number }> {
    const before = performance.now();
    const store = new PostgresPersistenceProvider({ connectionString: url, schema, notifications: false });
    const error = await store.start().then(
      () => store.stop(),
      (thrown: unknown) => thrown,
    );
    return { error, tookMs: performance.now() - before };
  }

  const as = (user: string, database = "postgres"): string => {
    const url = new URL(own.server.url);
    const [name = "", password = ""] = user.split(":");
    url.username = name;
    url.password = password;
    url.pathname = `/${database}`;
    return url.href;
  };

  it("is refused at once and clearly, and without secrets", async () => {
    await own.ask("CREATE ROLE somebody LOGIN PASSWORD 'right'");
    await own.ask("CREATE ROLE locked_out LOGIN PASSWORD 'right'");
    const cases: readonly (readonly [url: string, message: RegExp])[] = [
      [
        as("somebody:wr0ng-secret"),
        /refuses access: password authentication failed for user "somebody"; check the role, its password and its rights$/,
      ],
      [as("somebody"), /refuses access: SASL: .+ password must be a .*string; check/],
      [as("nobody_at_all:wr0ng-secret"), /refuses access: password authentication failed/],
      [as("locked_out:right"), /refuses access: pg_hba.conf rejects connection/],
      [as("wfe", "missing"), /database "127.0.0.1:\d+\/missing" .+ refuses access: database "missing" does not exist/],
      [as("somebody:right"), /refuses access: permission denied for database postgres; check/],
    ];

    for (const [url, message] of cases) {
      const { error, tookMs } = await starting(url);

      expect(error).toMatchObject({
        name: "PersistenceError",
        code: "WFE_STORE_UNREACHABLE",
        retryable: false,
        message: expect.stringMatching(message),
      });
      expect(String((error as Error).stack)).not.toContain("wr0ng-secret");
      expect(tookMs).toBeLessThan(9_000); // and not only after the 10 s for which it would be tried again
    }
  });

  it("is not had through a pool that its owner has ended, which is said at once", async () => {
    const pool = new pg.Pool({ connectionString: own.server.url });
    const store = new PostgresPersistenceProvider({ pool, schema: own.newSchema(), notifications: false });
    await store.start();
    await pool.end();

    await expect(store.loadForPass("w")).rejects.toMatchObject({ code: "WFE_PERSISTENCE_FAILED", message: expect.stringContaining("pool") });
    await store.stop();
  });

  it.each(["serializable", "repeatable read"])("is refused with transactions that are %s by default, of the role or the database", async (level) => {
    const name = `strict_${level.replaceAll(" ", "_")}`;
    await own.ask(`CREATE DATABASE ${name}`);
    await own.ask(`CREATE ROLE ${name} LOGIN SUPERUSER PASSWORD 'right'`);
    const refused = {
      code: "WFE_PERSISTENCE_FAILED",
      retryable: false,
      message: expect.stringContaining(`default_transaction_isolation to "${level}"`),
    };

    await own.ask(`ALTER ROLE ${name} SET default_transaction_isolation TO '${level}'`);
    expect((await starting(as(`${name}:right`))).error).toMatchObject(refused);
    await own.ask(`ALTER ROLE ${name} RESET default_transaction_isolation`);
    await own.ask(`ALTER DATABASE ${name} SET default_transaction_isolation TO '${level}'`);
    expect((await starting(as(`${name}:right`, name))).error).toMatchObject(refused);

    expect((await starting(as(`${name}:right`))).error).toBeUndefined();
  });

  it("is refused with a database that cannot hold every text", async () => {
    await own.ask("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    await own.ask("CREATE ROLE latin LOGIN SUPERUSER PASSWORD 'right'");

    expect((await starting(as("latin:right", "latin"))).error).toMatchObject({
      code: "WFE_PERSISTENCE_FAILED",
      retryable: false,
      message: expect.stringContaining("LATIN1"),
    });
  });

  it("is refused with transactions that are read-only by default", async () => {
    await own.ask("CREATE ROLE reader LOGIN SUPERUSER PASSWORD 'right'");
    await own.ask("ALTER ROLE reader SET default_transaction_read_only TO on");

    expect((await starting(as("reader:right"))).error).toMatchObject({
      code: "WFE_STORE_READ_ONLY",
      retryable: false,
      message: expect.stringContaining("default_transaction_read_only"),
    });
  });

  it("is refused with a server that is too old", () => {
    const settings = { version: 130_022, encoding: "UTF8", isolation: "read committed", read_only: "off" };

    expect(() => refuseSettings(settings, "the database")).toThrow("version 13: wfe needs PostgreSQL 14 or later");
    expect(() => refuseSettings({ ...settings, version: 140_000 }, "the database")).not.toThrow();
  });
});
